from .analysis.calibration import Calibration, Correction
from .arranger.arrange import alternatives, arrange
from .arranger.capacity import Capacity
from .arranger.menu import Menu
from .arranger.parts import Part
from .arranger.rules import Constraints, Pin
from .arranger.series import series
from .arranger.solver.stopping import check_stopped, stoppable
from .audio.encode import Chapter
from .device.copy import CopiedTrack, CopyReport, copy_session
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
    StoppedError,
)
from .files.path_map import PathMap
from .language.notices import Notice
from .library.answers import Answer, Answers
from .library.errors import LibraryBusyError
from .library.history import (
    Ban,
    History,
    PersonHistory,
    PersonSummary,
    PlayedSession,
    Rating,
)
from .library.kept import KeptSession, KeptSessions, WrittenFile
from .library.merge import Conflict, MergeReport
from .library.neighbours import EnergyRank
from .library.questions import Pair, Questions
from .library.records import Records
from .library.scan.scanner import FileScanned, ScanEvent, ScanReport, ScanSettings
from .library.scoring import Scorer
from .library.single_file import analyse_file
from .models import (
    Embedding,
    Emotion,
    Features,
    File,
    FileProgress,
    Mark,
    Measurement,
    Session,
    Silence,
    Skipped,
    Slot,
    Spare,
    Stat,
    Tags,
    Track,
    VoiceDetection,
    VoiceSpan,
    Work,
)
from .playlists.dialects import PLAYERS, WORKS, Dialect
from .playlists.listed import ListedWork
from .playlists.session_json import load_session
from .playlists.write import write_session
from .profiles.find import Listing, available_profiles, load_profile
from .profiles.own import own_profile
from .profiles.profile import Phase, Profile, Rules
from .recording.levels import Levels
from .recording.measure import measure_levels
from .recording.mix import Clip, MixPlan
from .recording.mix_settings import MixSettings
from .recording.render import Recording, RenderProgress, preview_session, render_session
from .recording.session_mix import mix_session
from .recording.stream import MixReader
from .records.documents import document_of, event_of
from .records.events import (
    Begun,
    Closed,
    Deviation,
    Ended,
    Gap,
    Note,
    Paused,
    PlannedTrack,
    Pressed,
    RecordedEvent,
    Reopened,
    Replanned,
    Resumed,
    Silent,
    Sounded,
    TakenBack,
    Unknown,
)
from .records.export import record_csv, record_json
from .records.heard import Heard, HeardPhase, HeardPress, HeardTrack, heard
from .records.record import About, Record, Run
from .records.respct import ReportedItem, reported_items
from .report.concerns import Concern, session_concerns
from .report.record_html import record_page
from .report.record_write import write_record
from .report.text import session_text
from .report.write import write_report
from .servers.connect import connect_player
from .servers.player import Player, Playing
from .session_request import PlanChange, SessionRequest
from .sessions.candidates import Candidate
from .sessions.compare import StandsOut, Trait
from .sessions.difference import Difference, Moved, PhaseChange, PinChange, Placed
from .sessions.editor import Edited, SessionEditor
from .sessions.library import Library
from .sessions.matches import Match
from .sessions.offers import Offer
from .sessions.resolve import Resolved
from .tracks.queries import matching
from .tracks.track_table import TrackTable

__all__ = [
    "PLAYERS",
    "WORKS",
    "About",
    "Answer",
    "Answers",
    "ArrangeError",
    "AudioError",
    "Ban",
    "Begun",
    "Calibration",
    "Candidate",
    "Capacity",
    "Chapter",
    "Clip",
    "Closed",
    "Concern",
    "Conflict",
    "Constraints",
    "CopiedTrack",
    "CopyReport",
    "Correction",
    "Deviation",
    "Dialect",
    "Difference",
    "Edited",
    "Embedding",
    "Emotion",
    "Ended",
    "EnergyRank",
    "ExportError",
    "Features",
    "File",
    "FileProgress",
    "FileScanned",
    "Gap",
    "Heard",
    "HeardPhase",
    "HeardPress",
    "HeardTrack",
    "History",
    "KeptSession",
    "KeptSessions",
    "Levels",
    "Library",
    "LibraryBusyError",
    "LibraryError",
    "ListedWork",
    "Listing",
    "Mark",
    "Match",
    "Measurement",
    "Menu",
    "MergeReport",
    "MixPlan",
    "MixReader",
    "MixSettings",
    "Moved",
    "Note",
    "Notice",
    "Offer",
    "Pair",
    "Part",
    "PathMap",
    "Paused",
    "PersonHistory",
    "PersonSummary",
    "Phase",
    "PhaseChange",
    "Pin",
    "PinChange",
    "Placed",
    "PlanChange",
    "PlannedTrack",
    "PlayedSession",
    "Player",
    "Playing",
    "PlaylistBuilderError",
    "Pressed",
    "Profile",
    "ProfileError",
    "QueryError",
    "Questions",
    "Rating",
    "Record",
    "RecordedEvent",
    "Recording",
    "Records",
    "RenderProgress",
    "Reopened",
    "Replanned",
    "ReportedItem",
    "RequestError",
    "Resolved",
    "Resumed",
    "Rules",
    "Run",
    "ScanEvent",
    "ScanReport",
    "ScanSettings",
    "Scorer",
    "Session",
    "SessionEditor",
    "SessionError",
    "SessionRequest",
    "Silence",
    "Silent",
    "Skipped",
    "Slot",
    "Sounded",
    "Spare",
    "StandsOut",
    "Stat",
    "StoppedError",
    "Tags",
    "TakenBack",
    "Track",
    "TrackTable",
    "Trait",
    "Unknown",
    "VoiceDetection",
    "VoiceSpan",
    "Work",
    "WrittenFile",
    "alternatives",
    "analyse_file",
    "arrange",
    "available_profiles",
    "check_stopped",
    "connect_player",
    "copy_session",
    "document_of",
    "event_of",
    "heard",
    "load_profile",
    "load_session",
    "matching",
    "measure_levels",
    "mix_session",
    "own_profile",
    "preview_session",
    "record_csv",
    "record_json",
    "record_page",
    "render_session",
    "reported_items",
    "series",
    "session_concerns",
    "session_text",
    "stoppable",
    "write_record",
    "write_report",
    "write_session",
]
