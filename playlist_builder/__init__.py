"""Turns a folder of instrumental music into a session that follows a planned energy curve.

The public names; each is imported from its room when it is first used, because the rooms that
decode and measure take long to load.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playlist_builder.arranger.arrange import alternatives, arrange
    from playlist_builder.arranger.rules import Constraints, Pin
    from playlist_builder.arranger.series import series
    from playlist_builder.device.copy import copy_session
    from playlist_builder.errors import PlaylistBuilderError
    from playlist_builder.library.library import Library, ScanReport
    from playlist_builder.models import (
        Features,
        Mark,
        Session,
        SessionRequest,
        Skipped,
        Slot,
        Spare,
        Tags,
        Track,
    )
    from playlist_builder.playlists.dialects import PLAYERS, Dialect
    from playlist_builder.playlists.session_json import load_session
    from playlist_builder.playlists.write import write_session
    from playlist_builder.profiles.find import Phase, Profile, Rules, load_profile
    from playlist_builder.recording.mix import MixSettings
    from playlist_builder.recording.render import Recording, preview_session, render_session
    from playlist_builder.report.write import write_report

_ROOMS = {
    "PLAYERS": "dialects",
    "SessionRequest": "models",
    "Dialect": "dialects",
    "Features": "models",
    "Library": "library",
    "Mark": "models",
    "Phase": "profiles",
    "Pin": "rules",
    "PlaylistBuilderError": "errors",
    "Profile": "profiles",
    "Recording": "render",
    "Constraints": "rules",
    "Rules": "profiles",
    "ScanReport": "library",
    "Session": "models",
    "Skipped": "models",
    "Slot": "models",
    "Spare": "models",
    "Tags": "models",
    "Track": "models",
    "MixSettings": "mixing",
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
    "SessionRequest",
    "Dialect",
    "Features",
    "Library",
    "Mark",
    "Phase",
    "Pin",
    "PlaylistBuilderError",
    "Profile",
    "Recording",
    "Constraints",
    "Rules",
    "ScanReport",
    "Session",
    "Skipped",
    "Slot",
    "Spare",
    "Tags",
    "Track",
    "MixSettings",
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
