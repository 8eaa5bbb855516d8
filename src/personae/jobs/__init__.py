"""Long work as durable jobs: a table that outlives every process, and workers that take from it."""
