"""Embeddings to a model, and a model to matches."""
