"""Generated music for a first try."""
