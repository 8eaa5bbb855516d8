"""Films of a project: scanning them, their files, and what people decide about them."""
