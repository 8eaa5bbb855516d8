"""Faces over time: tracks, names and unknown people, the timeline of a film."""
