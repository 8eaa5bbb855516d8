"""Films looked through by many machines: the same as by one, whatever happens to them."""
