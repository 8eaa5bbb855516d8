"""Films: speed and accuracy."""
