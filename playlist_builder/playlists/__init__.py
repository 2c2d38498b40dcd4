"""Playlist files, read and written."""
