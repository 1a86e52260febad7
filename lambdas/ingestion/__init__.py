"""Documents into the knowledge base: a job is started after every change, watched, and its outcome is told."""
