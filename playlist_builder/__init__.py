"""Turns a folder of instrumental music into a session that follows a planned energy curve."""
