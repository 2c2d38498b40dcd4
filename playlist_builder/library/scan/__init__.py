"""Folders of music into the library."""
