"""The values that pass between the packages: frozen, with no behaviour but what they derive.

Names carry units. Loudness follows ITU-R BS.1770-4, in LUFS or LU; energy is our own 0..1 score.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from playlist_builder.language.notices import Notice
from playlist_builder.session_request import SessionRequest

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STYLE_SIZE = 64  # numbers that describe the style of a track
ROUNDING_S = 0.01  # between times that are one: a document rounds each on its own
STEP_S = 10.0  # seconds between two points of a contour
SILENCE_LUFS = -70.0  # what loudness reads for silence: the absolute gate of ITU-R BS.1770-4
AUDIBLE_LU = 0.05  # a rise of loudness beyond the limit by less than this is not worth a warning
MIN_TEMPO_CONFIDENCE, MIN_KEY_CONFIDENCE = 0.5, 0.6  # below, not shown: wrong is worse than none
CLIMAX_RISE = 0.25  # a track whose contour rises this far above its energy has a climax
PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in PITCH_CLASSES)
"""The 24 keys: index 0..11 major from C upward, 12..23 minor."""
Vocals = Literal["none", "wordless", "sung", "spoken", "unknown"]  # the first two have no words
Scale = Literal["relative", "absolute"]  # ranks within a session's music, or energy itself


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a file; empty where it has none."""

    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    album_artists: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    date: str = ""
    languages: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    has_lyrics: bool = False
    duration_s: float | None = None
    track_gain_db: float | None = None
    track_peak: float | None = None
    album_gain_db: float | None = None
    album_peak: float | None = None
    musicbrainz_recording_id: str = ""
    musicbrainz_track_id: str = ""
    musicbrainz_album_id: str = ""
    musicbrainz_artist_ids: tuple[str, ...] = ()
    version: str = ""
    performers: tuple[str, ...] = ()  # each as "Name (role)"
    lyricists: tuple[str, ...] = ()
    voice_chance: float | None = None  # probability of a voice by AcousticBrainz, 0..1
    cue_tracks: int = 0  # of an album in one file, by its CUE sheet
    isrc: str = ""  # of the recording: 12 letters and digits

    @property
    def artist(self) -> str:
        """The artists as one display string."""
        return ", ".join(self.artists)

    @property
    def genre(self) -> str:
        """The genres as one display string."""
        return ", ".join(self.genres)


class Stat(NamedTuple):
    """Size and time of a file; while they are unchanged, so is the file."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class File:
    """One path of the library and the music it holds."""

    path: str
    stat: Stat
    identity: str
    tags: Tags
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Features:
    """What was measured in the samples of one track, as a whole.

    `stroke_rate_hz` (strokes of percussion above 4.8 kHz per second) and `pulse_clarity` (0..1) are
    those of the half minute that has most of each. The longest silence may be within the track.
    """

    duration_s: float
    sample_rate_hz: int
    channels: int
    loudness_lufs: float
    loudness_range_lu: float
    sample_peak_dbfs: float
    start_loudness_lufs: float
    end_loudness_lufs: float
    startle_lu: float
    leading_silence_s: float
    trailing_silence_s: float
    longest_silence_s: float
    longest_silence_start_s: float
    tempo_bpm: float
    tempo_confidence: float
    key: str
    key_confidence: float
    onset_rate_hz: float
    spectral_centroid_hz: float
    percussiveness: float
    stroke_rate_hz: float
    pulse_clarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """All that was measured in the samples of one track; made by `analysis.features.measure`.

    `steps` has shape (n_steps, len(step_features.STEP_FEATURES)): one row per `STEP_S` seconds, the
    last row for the remainder. Single precision when measured, of `library.packed` when kept.
    """

    features: Features
    steps: NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """What a network trained to tag music makes of a track: some patches of 3 s, spread over it.

    `patches` has shape (n, STYLE_SIZE), when kept as precise as `library.packed` says; `starts_s`
    shape (n,).
    """

    patches: NDArray[np.floating]
    starts_s: Floats32


@dataclass(frozen=True, slots=True, eq=False)
class Emotion:
    """What listeners would say a track feels like, estimated from its embedding: hints, each 0..1.

    `tension_spread` is the standard error of `tension`; `tension_contour` has one value per
    `STEP_S`, shape (n_steps,). `moving` is how tender, sad, solemn, nostalgic or full of wonder.
    """

    tension: float
    tension_spread: float
    tension_contour: Floats32
    moving: float


@dataclass(frozen=True, slots=True)
class VoiceSpan:
    """Seconds of a track in which a voice or people behind it were detected; confidence 0..1."""

    start_s: float
    end_s: float
    kind: Literal["sung", "spoken", "wordless", "people"]
    confidence: float


@dataclass(frozen=True, slots=True)
class VoiceDetection:
    """What was detected in a track; `confidence` is its chance, of a voice where unknown."""

    verdict: Literal["none", "wordless", "sung", "spoken", "unknown"]
    confidence: float
    spans: tuple[VoiceSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """What the user stated about a track; kept whatever happens to the file."""

    energy: float | None = None
    vocals: Literal["none", "wordless", "sung", "spoken"] | None = None
    banned: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One recording of the library, ready to be arranged.

    `energy` and `contour` are on the absolute 0..1 scale; `contour` has shape (n_steps,),
    one value per `STEP_S` seconds. `identity` is the hash of the audio packets, as hex. Of a part
    `from_s` and `to_s` say where in the recording it lies; its energy is that of the whole.
    """

    path: str
    identity: str
    tags: Tags
    features: Features
    energy: float
    contour: NDArray[np.float32]
    vocals: Vocals = "unknown"
    mark: Mark = Mark()
    missing: bool = False
    heard: VoiceDetection | None = None  # None where the voice detector has not run
    emotion: Emotion | None = None  # None where the track has no embedding, as style
    style: Floats32 | None = None  # shape (STYLE_SIZE,); the cosine of two is how alike they are
    from_s: float | None = None  # None for the start of the recording
    to_s: float | None = None  # None for its end

    @property
    def duration_s(self) -> float:
        """Length of the decoded audio in seconds."""
        return self.features.duration_s

    @property
    def peak_energy(self) -> float:
        """Highest step of the contour."""
        return float(self.contour.max())

    @property
    def startle_lu(self) -> float:
        """Largest rise of loudness within one second, against the ten seconds before."""
        return self.features.startle_lu

    @property
    def climax_s(self) -> float | None:
        """Start in seconds of a climax that the energy of the whole track does not show, if any."""
        if self.peak_energy - self.energy <= CLIMAX_RISE:
            return None
        return int(self.contour.argmax()) * STEP_S


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not part of the library, and why; that is a `Phrase` wherever it can be."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far work on files is: files and bytes, done and all; the last path; seconds left."""

    done: int
    total: int
    done_bytes: int
    total_bytes: int
    path: str
    left_s: float | None = None  # where it is known


@dataclass(frozen=True, slots=True)
class Work:
    """What is known of a track wherever it lies, by which it is found or replaced elsewhere.

    Ids are those of MusicBrainz. `energy` is absolute, as in `Track`, and `contour` holds its mean
    in each quarter of the track. `style` is text that `works.style_of` reads. What is not known is
    empty or None.
    """

    recording_id: str = ""
    release_id: str = ""
    artist_ids: tuple[str, ...] = ()
    isrc: str = ""
    energy: float | None = None
    contour: tuple[float, ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a session. Means and `contour`, by `STEP_S`, are on the session's scale.

    Tension, loudness at the ends and the step of style are None where not known. Where only a part
    of the track plays, `from_s` and `to_s` are its start and end in the file; None is that of all.
    """

    path: str
    identity: str
    title: str
    artist: str
    album: str
    start_s: float
    end_s: float
    phase: str
    energy: float
    target: float
    contour: tuple[float, ...] = ()
    loudness_lufs: float = SILENCE_LUFS
    vocals: Vocals = "unknown"
    start_loudness_lufs: float | None = None
    end_loudness_lufs: float | None = None
    tension: float | None = None
    style_step: float | None = None  # from the track before: 0 for the same style, 1 for another
    from_s: float | None = None
    to_s: float | None = None
    work: Work | None = None  # None in sessions of earlier versions

    @property
    def duration_s(self) -> float:
        """Length of the slot in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Silence:
    """A planned silence of a session, in seconds of it; `phase` is the one that it ends."""

    start_s: float
    end_s: float
    phase: str

    @property
    def duration_s(self) -> float:
        """Length of the silence in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Spare:
    """A track that may stand in for slot `place`, from 1; `slot` is what it would be there."""

    slot: Slot
    place: int


@dataclass(frozen=True, slots=True)
class Session:
    """An arranged session: what plays when, how well it follows the plan, which rules were relaxed.

    `curve` is the planned energy, one value per `STEP_S` seconds of `target_s`. `cost` is what
    the arranger minimised and `bound` a value that no session of these tracks can go below. `tail`
    plays on when the plan has ended, and `spares` can replace a slot that is to be skipped. Nothing
    plays in the `silences` between slots, or before the tail; `curve` holds its level there.
    Where `request` is None, `profile_text` may be the profile at the session's length, as TOML.
    """

    profile: str
    scale: Scale
    target_s: float
    duration_s: float
    cost: float
    bound: float
    rms_error: float
    slots: tuple[Slot, ...]
    tail: tuple[Slot, ...] = ()
    warnings: tuple[Notice, ...] = ()
    relaxed: tuple[Notice, ...] = ()
    curve: tuple[float, ...] = field(default=())
    seed: int = 0
    request: SessionRequest | None = None
    spares: tuple[Spare, ...] = ()
    profile_text: str | None = None
    silences: tuple[Silence, ...] = ()

    @property
    def silences_behind(self) -> tuple[tuple[Silence, ...], ...]:
        """The planned silences behind each slot, and behind each track of the tail."""
        ends_s = [slot.end_s for slot in (*self.slots, *self.tail)]
        found: list[list[Silence]] = [[] for _ in ends_s]
        for silence in self.silences:
            place = bisect_right(ends_s, silence.start_s + ROUNDING_S) - 1
            found[max(place, 0)].append(silence)
        return tuple(map(tuple, found))
