"""A session as one recording without gaps, and its transitions alone; the only room with pydub.

Tracks come from our decoder and go to our encoder in windows, and pydub mixes those: what it
reads and joins by itself it holds as a whole, which six hours of music do not allow.

Every track is decoded twice: measured before anything is written, so that one which is not there
or damaged costs nothing but the message, and then mixed. The true peak of what was written is
measured in the end, and if an encoder has overshot, all of it is mixed again, softer.
"""

import os
import stat
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playlist_builder.atomic import atomic_path, replace_bytes
from playlist_builder.audio import decode, encode
from playlist_builder.audio.encode import FULL_SCALE, Encoder
from playlist_builder.errors import AudioError, ProfileError, RenderError
from playlist_builder.models import Session
from playlist_builder.profiles import parse as profile_toml
from playlist_builder.profiles.profile import Profile
from playlist_builder.recording import chapters, cover, cue, levels
from playlist_builder.recording import mix as mixing
from playlist_builder.recording.levels import FRAMES_PER_S, Levels, TruePeak
from playlist_builder.recording.mix import MixSettings, Piece, Plan
from playlist_builder.text import encodable

with warnings.catch_warnings():
    # It warns of `audioop`, which a package provides from Python 3.13 on, of its own regular
    # expressions, and of programs that are not installed and not used here.
    warnings.simplefilter("ignore")
    import pydub

PEAK_LIMIT_DBTP = -1.0
"""The highest true peak of a recording, as EBU R 128 has it for distribution."""

LOSSLESS_ROOM_DB = 0.05
LOSSY_ROOM_DB = 0.5
"""What the mix stays below the limit for dither, and for the overshoot of an encoder."""

TRIES = 4
RATES_HZ = (44_100, 48_000)
CHANNELS = 2
SAMPLE_BYTES = 4
FULL_SCALE_LIMIT = np.float32(7.99)
WINDOW = FRAMES_PER_S
"""Frames that are mixed at a time."""

CUE_FOR = frozenset({".flac", ".wav"})
FRAME_MS = 1000 // FRAMES_PER_S

AudioSegment: Any = pydub.AudioSegment  # not typed


@dataclass(frozen=True, slots=True)
class Progress:
    """Seconds of music done and to do, in all passes; `problem` is measuring, mixing or checking."""

    stage: str
    done_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class Recording:
    """What was rendered: files, the mix, and what it measures as it stands on the disk."""

    path: str
    cue_path: str | None
    plan: Plan
    true_peak_dbtp: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.plan.frames / FRAMES_PER_S


def render_session(
    session: Session,
    path: str | os.PathLike[str],
    *,
    wishes: MixSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Recording:
    """Render slots and tail of a session to `path`, in the format of its suffix.

    Raises `RenderError` where a track is not there or not whole, and where the file cannot be
    written; then nothing is written.
    """
    return _render(session, path, wishes, progress, lambda plan: plan)


def preview_session(
    session: Session,
    path: str | os.PathLike[str],
    *,
    wishes: MixSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Recording:
    """Render the transitions alone, as they sound in the whole; otherwise as `render_session`."""
    if len(session.slots) + len(session.tail) < 2:  # noqa: PLR2004 - from one to the next
        raise RenderError("A session of one track has no transition. Use 'render'")
    return _render(session, path, wishes, progress, mixing.preview)


def _render(
    session: Session,
    path: str | os.PathLike[str],
    wishes: MixSettings | None,
    progress: Callable[[Progress], None] | None,
    part: Callable[[Plan], Plan],
) -> Recording:
    slots = (*session.slots, *session.tail)
    paths = list(dict.fromkeys(slot.path for slot in slots))
    suffix = check_output(path, paths)
    form = encode.RECORDING_FORMS[suffix]
    profile = _profile(session)
    rate_hz, deep = _common(paths)
    clock = _Clock(progress, sum(slot.duration_s for slot in slots))
    found = {each: _measured(each, rate_hz, clock) for each in paths}
    room_db = LOSSLESS_ROOM_DB if form.lossless else LOSSY_ROOM_DB
    planned = part(
        mixing.plan(session, found, profile, wishes or MixSettings(), PEAK_LIMIT_DBTP - room_db)
    )
    tags = {
        "title": encodable(Path(path).stem),
        "album": profile.title if profile is not None else session.profile,
        "artist": "Various Artists",
    }
    cue_path = None
    try:
        with atomic_path(path) as temporary:
            for _ in range(TRIES):
                with Encoder(
                    os.fspath(temporary),
                    form,
                    rate_hz,
                    deep=deep,
                    chapters=planned.chapters,
                    tags=tags,
                ) as encoder:
                    peak = _written(planned, rate_hz, encoder, clock)
                if not form.lossless:
                    peak = _peak_of(os.fspath(temporary), clock)
                peak_dbtp = 20.0 * float(np.log10(max(peak, 1e-9)))
                if peak_dbtp <= PEAK_LIMIT_DBTP:
                    break
                planned = planned.softer(peak_dbtp - PEAK_LIMIT_DBTP + LOSSLESS_ROOM_DB)
            else:
                raise RenderError(f"{os.fspath(path)!r} overshoots at any gain. Render to .flac")
            if suffix != ".wav":
                chapters.label(temporary, suffix, cover.png(session), planned.chapters)
        if suffix in CUE_FOR:
            cue_path = os.fspath(Path(path).with_suffix(".cue"))
            text = cue.sheet(Path(path).name, tags["title"], planned.chapters)
            replace_bytes(cue_path, text.encode("utf-8", "replace"))
    except OSError as error:
        raise RenderError(
            f"Cannot write {os.fspath(path)!r}: {error.strerror or error}. Choose another place"
        ) from error
    return Recording(os.fspath(path), cue_path, planned, peak_dbtp)


def check_output(path: str | os.PathLike[str], sources: Sequence[str] = ()) -> str:
    """Return the suffix of a file that can be written; `RenderError` before any work is done."""
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in encode.RECORDING_FORMS:
        known = ", ".join(encode.RECORDING_FORMS)
        raise RenderError(f"Cannot render {os.fspath(path)!r}: give a file that ends in {known}")
    name = os.fspath(path)
    try:
        if file.exists():
            if not stat.S_ISREG(file.stat().st_mode):
                raise RenderError(f"Cannot write {name!r}: it is no file. Choose another name")
            if any(Path(each).exists() and file.samefile(each) for each in sources):
                raise RenderError(f"{name!r} is a track of the session. Choose another name")
        if not os.access(file.absolute().parent, os.W_OK):
            raise RenderError(
                f"Cannot write {name!r}: its folder is not there or is closed. Choose another place"
            )
    except OSError as error:
        raise RenderError(
            f"Cannot write {name!r}: {error.strerror or error}. Choose another place"
        ) from error
    return suffix


def _profile(session: Session) -> Profile | None:
    """Return the profile as it was when the session was made, where that is known."""
    if session.request is None:
        return None
    try:
        text = session.request.profile_text.encode("utf-8", "replace")
        return profile_toml.parse(text, name=session.profile[: profile_toml.MAX_NAME])
    except ProfileError as error:
        raise RenderError(f"The profile that the session holds is not valid: {error}") from error


def _common(paths: Sequence[str]) -> tuple[int, bool]:
    """Look at all files; returns the rate that most have or divide into, and if any is deep."""
    gone = [each for each in paths if not Path(each).is_file()]
    if gone:
        others = f" and {len(gone) - 1} others are" if len(gone) > 1 else " is"
        raise RenderError(
            f"{gone[0]!r}{others} not there, so nothing was rendered."
            " Look for them with 'playlist-builder check --fix SESSION'"
        )
    rates: Counter[int] = Counter()
    deep = False
    for path in paths:
        with _speaking_of(path), decode.Recording(path) as recording:
            deep = deep or recording.is_deep
            rate_hz = recording.layout.sample_rate_hz
            rates.update(each for each in RATES_HZ if each % rate_hz == 0 or rate_hz % each == 0)
    return max(RATES_HZ, key=lambda each: (rates[each], each == RATES_HZ[0])), deep


def _measured(path: str, rate_hz: int, clock: "_Clock") -> Levels:
    with _speaking_of(path):
        return levels.measure(_fitted(path, rate_hz, clock.at("measuring")), rate_hz)


@contextmanager
def _speaking_of(path: str) -> Iterator[None]:
    """Name the track that cannot be used."""
    try:
        yield
    except (AudioError, OSError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        raise RenderError(
            f"{path!r} cannot be rendered, so nothing was: {reason}. Replace it in the session"
        ) from error


def _fitted(
    path: str, rate_hz: int, tick: Callable[[float], None]
) -> Generator[NDArray[np.float32]]:
    """Decode a track as two channels at the rate of the mix, in blocks of a second."""
    with decode.Recording(path) as recording:
        own_hz = recording.layout.sample_rate_hz
        gains = levels.downmix(recording.layout.channels)
        blocks: Iterator[NDArray[np.float32]] = (gains @ block for block in recording.blocks())
        if own_hz != rate_hz:
            blocks = decode.resampled(blocks, own_hz, rate_hz)
        for block in blocks:
            yield block
            tick(block.shape[1] / rate_hz)


class _Clock:
    """Counts the seconds of music that are decoded, in all passes, and tells of them."""

    def __init__(self, told: Callable[[Progress], None] | None, duration_s: float) -> None:
        self._told = told
        self._done_s = 0.0
        self._total_s = 2.0 * duration_s

    def at(self, stage: str) -> Callable[[float], None]:
        """Return what counts for one stage."""

        def tick(seconds: float) -> None:
            self._done_s += seconds
            if self._told is not None:
                self._told(Progress(stage, self._done_s, max(self._total_s, self._done_s)))

        return tick


class _Source:
    """A track on its way into the mix, from its first wanted frame on."""

    def __init__(self, piece: Piece, rate_hz: int, clock: _Clock) -> None:
        self._piece = piece
        self._rate_hz = rate_hz
        self._hop = rate_hz // FRAMES_PER_S
        self._blocks = _fitted(piece.path, rate_hz, clock.at("mixing"))
        self._rest = np.zeros((CHANNELS, 0), np.float32)
        self._ahead = piece.first * self._hop

    def close(self) -> None:
        """Close the file."""
        self._blocks.close()

    def read(self, frames: int, curve: NDArray[np.float32] | None = None) -> Any:  # noqa: ANN401 - pydub's
        """Return the next frames with the gain of the piece, under a curve where there is one."""
        with _speaking_of(self._piece.path):
            samples = self._take(frames * self._hop)
        if curve is not None:
            samples = samples * curve
        # No music comes near 18 dB over full scale; what is broken is cut there, not wrapped.
        scaled = np.clip(samples.T, -FULL_SCALE_LIMIT, FULL_SCALE_LIMIT) * np.float32(FULL_SCALE)
        segment = AudioSegment(
            data=scaled.astype(np.int32).tobytes(),
            sample_width=SAMPLE_BYTES,
            frame_rate=self._rate_hz,
            channels=CHANNELS,
        )
        return segment.apply_gain(self._piece.gain_db)

    def _take(self, count: int) -> NDArray[np.float32]:
        parts, there = [self._rest], self._rest.shape[1]
        while there < count:
            block = next(self._blocks, None)
            if block is None:
                raise AudioError("it has changed since it was measured")
            skipped = min(self._ahead, block.shape[1])
            self._ahead -= skipped
            parts.append(block[:, skipped:])
            there += block.shape[1] - skipped
        joined = np.concatenate(parts, axis=1)
        self._rest = joined[:, count:]
        return joined[:, :count]


def _mixed(plan: Plan, rate_hz: int, clock: _Clock) -> Iterator[Any]:
    """Yield the mix window by window; two tracks are open at most."""
    hop = rate_hz // FRAMES_PER_S
    with ExitStack() as files:

        def opened(piece: Piece) -> _Source:
            source = _Source(piece, rate_hz, clock)
            files.callback(source.close)
            return source

        source = opened(plan.pieces[0])
        done = 0
        for piece, after in zip_longest(plan.pieces, plan.pieces[1:]):
            overlap = max(0, piece.end - after.at) if after is not None else 0
            alone_until = piece.length - overlap
            if not done:
                yield source.read(piece.fade_in).fade_in(piece.fade_in * FRAME_MS)
                done = piece.fade_in
            if not overlap:
                alone_until -= piece.fade_out
            for start in range(done, alone_until, WINDOW):
                yield source.read(min(WINDOW, alone_until - start))
            if not overlap:
                yield source.read(piece.fade_out).fade_out(piece.fade_out * FRAME_MS)
            if after is None:
                return
            going, source, done = source, opened(after), overlap
            out, into = mixing.crossfade(overlap * hop)
            for start in range(0, overlap, WINDOW):
                count = min(WINDOW, overlap - start)
                part = slice(start * hop, (start + count) * hop)
                yield going.read(count, out[part]).overlay(source.read(count, into[part]))
            going.close()
            if pause := max(0, after.at - piece.end):
                silence = AudioSegment.silent(pause * FRAME_MS, rate_hz)
                yield silence.set_channels(CHANNELS).set_sample_width(SAMPLE_BYTES)


def _written(plan: Plan, rate_hz: int, encoder: Encoder, clock: _Clock) -> float:
    """Mix into an encoder; returns the true peak of the mix, full scale = 1.0."""
    meter = TruePeak(CHANNELS)
    peak = 0.0
    for segment in _mixed(plan, rate_hz, clock):
        samples = np.frombuffer(segment.raw_data, np.int32).reshape(-1, CHANNELS)
        encoder.write(samples)
        scaled = np.ascontiguousarray(samples.T, np.float32) / np.float32(FULL_SCALE)
        peak = max(peak, float(meter.push(scaled)[0]))
    return peak


def _peak_of(path: str, clock: _Clock) -> float:
    """Return the true peak of a recording as it is decoded."""
    tick = clock.at("checking")
    meter = TruePeak(CHANNELS)
    peak = 0.0
    with decode.Recording(path) as recording:
        for block in recording.blocks():
            peak = max(peak, float(meter.push(block)[0]))
            tick(block.shape[1] / recording.layout.sample_rate_hz)
    return peak
