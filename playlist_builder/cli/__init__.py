"""The command line: a thin twin of the library, and the only package that prints."""

from playlist_builder.cli.main import main

__all__ = ["main"]
