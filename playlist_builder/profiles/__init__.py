"""The planned energy curve of a session."""
