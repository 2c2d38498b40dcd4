"""Tracks as values: their table, queries of it, their artists, and what they are anywhere."""
