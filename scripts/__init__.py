"""Scripts that make shipped data, pictures and pages; run from the checkout."""
