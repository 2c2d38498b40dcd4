"""`python -m playlist_builder` is the command `playlist-builder`."""

from playlist_builder.cli import main

main()
