"""Tracks and a profile become a session, with a bound on its cost. Pure."""
