"""Music of our own, for a first try."""
