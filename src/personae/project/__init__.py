"""One project: its service object, its edits, and forgetting."""
