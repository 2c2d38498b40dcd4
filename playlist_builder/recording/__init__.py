"""A session rendered as one audio file."""
