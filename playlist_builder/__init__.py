"""Turns a folder of instrumental music into a session that follows a planned energy curve.

The public names are listed in `__init__.pyi`; each is imported when it is first used, because the
modules that decode and measure take long to load.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
