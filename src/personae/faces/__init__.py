"""Pictures to faces, crops and embeddings, through networks behind two protocols."""
