"""Photos of characters -> gallery -> trained model: the gallery, enrolment, edits, bad photos, training."""
