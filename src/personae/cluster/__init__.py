"""Films on many machines: pieces of work as plain values, two engines that hand them out, and who gathers them."""
