"""Benchmarks: run from the checkout; nothing of them is in the package."""
