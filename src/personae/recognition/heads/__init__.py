"""Heads: which of the characters a face is. `protocol.py` says what a head is; implementations stand beside it."""
