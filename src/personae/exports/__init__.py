"""Results as files: native JSON, lossless and versioned."""
