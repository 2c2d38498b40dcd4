"""Turns a folder of instrumental music into a session that follows a planned energy curve.

The public names are listed in `__init__.pyi`; each is imported when it is first used, because the
modules that decode and measure take long to load.

Sessions, requests, profiles, tracks and differences are values that threads may share. A `Library`
belongs to the thread that opened it, and an editor to one thread at a time; misuse is an error that
says so. What a user can correct is a `PlaylistBuilderError`, one line each.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
