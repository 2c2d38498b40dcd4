"""Tracks and playlist onto a stick or a phone."""
