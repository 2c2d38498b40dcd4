from .arranger.arrange import alternatives, arrange
from .arranger.rules import Constraints, Pin
from .arranger.series import series
from .device.copy import copy_session
from .errors import PlaylistBuilderError
from .library.scan.scanner import ScanReport
from .models import Features, Mark, Session, Skipped, Slot, Spare, Tags, Track
from .notices import Notice
from .playlists.dialects import PLAYERS, Dialect
from .playlists.session_json import load_session
from .playlists.write import write_session
from .profiles.find import load_profile
from .profiles.profile import Phase, Profile, Rules
from .recording.mix import MixSettings
from .recording.render import Recording, preview_session, render_session
from .report.write import write_report
from .session_request import PlanChange, SessionRequest
from .sessions.candidates import Candidate
from .sessions.compare import StandsOut, Trait
from .sessions.difference import Difference, Moved, PinChange, Placed
from .sessions.editor import Edited, SessionEditor
from .sessions.library import Library

__all__ = [
    "PLAYERS",
    "Candidate",
    "Constraints",
    "Dialect",
    "Difference",
    "Edited",
    "Features",
    "Library",
    "Mark",
    "MixSettings",
    "Moved",
    "Notice",
    "Phase",
    "Pin",
    "PinChange",
    "Placed",
    "PlanChange",
    "PlaylistBuilderError",
    "Profile",
    "Recording",
    "Rules",
    "ScanReport",
    "Session",
    "SessionEditor",
    "SessionRequest",
    "Skipped",
    "Slot",
    "Spare",
    "StandsOut",
    "Tags",
    "Track",
    "Trait",
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
