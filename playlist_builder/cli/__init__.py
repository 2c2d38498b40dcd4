"""The command line: a thin twin of the library, and the only package that prints."""

try:
    from playlist_builder.cli.main import main
except KeyboardInterrupt:  # before a word can be said
    raise SystemExit(130) from None

__all__ = ["main"]
