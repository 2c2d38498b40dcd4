"""The command line: a thin twin of the library, and the only package that prints.

Standard output is the product, standard error the conversation. Exit codes: 0 done, 1 it could
not be done (one line says why), 2 the command was not understood.
"""

from playlist_builder.cli.main import main

__all__ = ["main"]
