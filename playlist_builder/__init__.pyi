from .analysis.calibration import Calibration
from .arranger.arrange import alternatives, arrange
from .arranger.rules import Constraints, Pin
from .arranger.series import series
from .device.copy import copy_session
from .errors import (
    ArrangeError,
    AudioError,
    ExportError,
    LibraryError,
    PlaylistBuilderError,
    ProfileError,
    QueryError,
    RequestError,
    SessionError,
)
from .library.answers import Answer
from .library.history import (
    Ban,
    History,
    PersonHistory,
    PersonSummary,
    PlayedSession,
    Rating,
)
from .library.kept import KeptSession, KeptSessions
from .library.neighbours import EnergyRank
from .library.questions import Pair, Questions
from .library.scan.scanner import FileScanned, ScanEvent, ScanReport, ScanSettings
from .library.scoring import Scorer
from .library.single_file import analyse_file
from .models import (
    Embedding,
    Emotion,
    Features,
    FileProgress,
    Mark,
    Measurement,
    Session,
    Skipped,
    Slot,
    Spare,
    Tags,
    Track,
)
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
from .track_table import TrackTable

__all__ = [
    "PLAYERS",
    "Answer",
    "ArrangeError",
    "AudioError",
    "Ban",
    "Calibration",
    "Candidate",
    "Constraints",
    "Dialect",
    "Difference",
    "Edited",
    "Embedding",
    "Emotion",
    "EnergyRank",
    "ExportError",
    "Features",
    "FileProgress",
    "FileScanned",
    "History",
    "KeptSession",
    "KeptSessions",
    "Library",
    "LibraryError",
    "Mark",
    "Measurement",
    "MixSettings",
    "Moved",
    "Notice",
    "Pair",
    "PersonHistory",
    "PersonSummary",
    "Phase",
    "Pin",
    "PinChange",
    "Placed",
    "PlanChange",
    "PlayedSession",
    "PlaylistBuilderError",
    "Profile",
    "ProfileError",
    "QueryError",
    "Questions",
    "Rating",
    "Recording",
    "RequestError",
    "Rules",
    "ScanEvent",
    "ScanReport",
    "ScanSettings",
    "Scorer",
    "Session",
    "SessionEditor",
    "SessionError",
    "SessionRequest",
    "Skipped",
    "Slot",
    "Spare",
    "StandsOut",
    "Tags",
    "Track",
    "TrackTable",
    "Trait",
    "alternatives",
    "analyse_file",
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
