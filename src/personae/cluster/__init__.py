"""Films on many machines: pieces of work as plain values, two engines that hand them out, and who gathers them."""

LOCKS_S = 600.0
"""So long one of many films, scanned side by side, waits for the others to be written."""
