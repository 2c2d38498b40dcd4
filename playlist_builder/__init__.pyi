from .arranger.arrange import alternatives, arrange
from .arranger.rules import Constraints, Pin
from .arranger.series import series
from .device.copy import copy_session
from .errors import PlaylistBuilderError
from .library.library import Library, ScanReport
from .models import Features, Mark, Session, SessionRequest, Skipped, Slot, Spare, Tags, Track
from .notices import Notice
from .playlists.dialects import PLAYERS, Dialect
from .playlists.session_json import load_session
from .playlists.write import write_session
from .profiles.find import load_profile
from .profiles.profile import Phase, Profile, Rules
from .recording.mix import MixSettings
from .recording.render import Recording, preview_session, render_session
from .report.write import write_report

__all__ = [
    "PLAYERS",
    "Constraints",
    "Dialect",
    "Features",
    "Library",
    "Mark",
    "MixSettings",
    "Notice",
    "Phase",
    "Pin",
    "PlaylistBuilderError",
    "Profile",
    "Recording",
    "Rules",
    "ScanReport",
    "Session",
    "SessionRequest",
    "Skipped",
    "Slot",
    "Spare",
    "Tags",
    "Track",
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
