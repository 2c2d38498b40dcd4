"""Turns a folder of instrumental music into a session that follows a planned energy curve.

The public names; each is imported from its room when it is first used, because the rooms that
decode and measure take long to load.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playlist_builder.arranger import alternatives, arrange
    from playlist_builder.copying import copy as copy_session
    from playlist_builder.courses import series
    from playlist_builder.dialects import PLAYERS, Dialect
    from playlist_builder.errors import PlaylistBuilderError
    from playlist_builder.library import Library, ScanReport
    from playlist_builder.mixing import Wishes
    from playlist_builder.models import (
        Call,
        Features,
        Mark,
        Session,
        Skipped,
        Slot,
        Spare,
        Tags,
        Track,
    )
    from playlist_builder.profiles import Phase, Profile, Rules
    from playlist_builder.profiles import load as load_profile
    from playlist_builder.render import Recording
    from playlist_builder.render import preview as preview_session
    from playlist_builder.render import render as render_session
    from playlist_builder.reporting import write_report
    from playlist_builder.rules import Pin, Request
    from playlist_builder.session_file import load as load_session
    from playlist_builder.write import write_session

_ROOMS = {
    "PLAYERS": "dialects",
    "Call": "models",
    "Dialect": "dialects",
    "Features": "models",
    "Library": "library",
    "Mark": "models",
    "Phase": "profiles",
    "Pin": "rules",
    "PlaylistBuilderError": "errors",
    "Profile": "profiles",
    "Recording": "render",
    "Request": "rules",
    "Rules": "profiles",
    "ScanReport": "library",
    "Session": "models",
    "Skipped": "models",
    "Slot": "models",
    "Spare": "models",
    "Tags": "models",
    "Track": "models",
    "Wishes": "mixing",
    "alternatives": "arranger",
    "arrange": "arranger",
    "copy_session": "copying",
    "load_profile": "profiles",
    "load_session": "session_file",
    "preview_session": "render",
    "render_session": "render",
    "write_report": "reporting",
    "series": "courses",
    "write_session": "write",
}
_OWN_NAMES = {
    "copy_session": "copy",
    "load_profile": "load",
    "load_session": "load",
    "preview_session": "preview",
    "render_session": "render",
}

__all__ = [
    "PLAYERS",
    "Call",
    "Dialect",
    "Features",
    "Library",
    "Mark",
    "Phase",
    "Pin",
    "PlaylistBuilderError",
    "Profile",
    "Recording",
    "Request",
    "Rules",
    "ScanReport",
    "Session",
    "Skipped",
    "Slot",
    "Spare",
    "Tags",
    "Track",
    "Wishes",
    "alternatives",
    "arrange",
    "copy_session",
    "load_profile",
    "load_session",
    "preview_session",
    "render_session",
    "series",
    "write_report",
    "write_session",
]


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), _OWN_NAMES.get(name, name))
    globals()[name] = value
    return value
