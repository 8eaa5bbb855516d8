"""How good is this cast: cross-validation, tuning, calibration on the user's own faces, advice."""
