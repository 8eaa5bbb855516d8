"""Films on many machines: against plain scans, one film in pieces, and the machine that gathers them alone (Linux)."""
