"""A session as one audio file."""
