"""Thousands of files that went wrong, for every reader: `python -m benchmarks.mutations.run`. See `run.py`."""
