"""The samples of a mix, from any place on. The only importer of pydub.

Tracks are decoded in windows, and pydub mixes these, because pydub alone would hold six hours of
music in memory. Recordings are made of the same windows, one after the other.
"""

import warnings
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np

from playlist_builder import checked
from playlist_builder.audio.encode import FULL_SCALE
from playlist_builder.errors import AudioError, RenderError, reason_of
from playlist_builder.models import Floats32
from playlist_builder.recording.gains import crossfade, moving_gains
from playlist_builder.recording.levels import FRAMES_PER_S
from playlist_builder.recording.measure import RATES_HZ, stereo_blocks
from playlist_builder.recording.mix import Clip, MixPlan

with warnings.catch_warnings():
    # About `audioop`, its own regular expressions, and programs that are not used here.
    warnings.simplefilter("ignore")
    import pydub

CHANNELS = 2
SAMPLE_BYTES = 4
FULL_SCALE_LIMIT = np.float32(7.99)
WINDOW = FRAMES_PER_S  # frames that are mixed at a time, but for fades into silence
FRAME_MS = 1000 // FRAMES_PER_S
SEEK_S = 30  # of a track that are decoded rather than skipped: not every format finds its places
AudioSegment: Any = pydub.AudioSegment  # not typed
Tick = Callable[[float], None]  # takes how many seconds of music were decoded


class ClipError(RenderError):
    """The file of a clip cannot be read, because of an error."""

    clip: Clip
    error: AudioError | OSError


def _unreadable(clip: Clip, error: AudioError | OSError) -> ClipError:
    told = ClipError(
        "{path!r} cannot be played: {reason}.", path=clip.path, reason=reason_of(error)
    )
    told.clip, told.error = clip, error
    return told


class _Window(NamedTuple):
    """A part of a mix that is made at once, in frames of the mix."""

    at: int
    length: int
    sounding: tuple[int, ...]  # numbers of clips: none in silence, mostly two in a crossfade
    fade: str = ""  # into or out of silence


def _windows(plan: MixPlan) -> Iterator[_Window]:
    """Yield the windows of a plan, one after the other, from 0 on."""
    edges = sorted({0, *(each.at for each in plan.clips), *(each.end for each in plan.clips)})
    coming = deque(enumerate(plan.clips))
    sounding: list[int] = []
    for start, end in pairwise(edges):
        sounding = [number for number in sounding if plan.clips[number].end > start]
        while coming and coming[0][1].at <= start:
            sounding.append(coming.popleft()[0])
        if len(sounding) == 1:
            yield from _alone(plan.clips[sounding[0]], sounding[0], start, end)
        else:
            yield from _cut(start, end, *sounding)


def _alone(clip: Clip, number: int, start: int, end: int) -> Iterator[_Window]:
    """Yield the windows in which one clip sounds, with its fades where nothing overlaps."""
    opening = min(clip.fade_in, end - start) if start == clip.at else 0
    closing = min(clip.fade_out, end - start - opening) if end == clip.end else 0
    if opening:
        yield _Window(start, opening, (number,), "in")
    yield from _cut(start + opening, end - closing, number)
    if closing:
        yield _Window(end - closing, closing, (number,), "out")


def _cut(start: int, stop: int, *sounding: int) -> Iterator[_Window]:
    for at in range(start, stop, WINDOW):
        yield _Window(at, min(WINDOW, stop - at), sounding)


def _segment(data: bytes, rate_hz: int) -> Any:  # noqa: ANN401 - pydub's
    return AudioSegment(data=data, sample_width=SAMPLE_BYTES, frame_rate=rate_hz, channels=CHANNELS)


class _Source:
    """The decoded samples of a clip, from one of its frames on."""

    def __init__(self, clip: Clip, at: int, rate_hz: int, tick: Tick | None) -> None:
        self.clip = clip
        self.at = at  # frame of the mix that is read next
        self._rate_hz = rate_hz
        self._hop = rate_hz // FRAMES_PER_S
        first = clip.first + at - clip.at
        second = first // FRAMES_PER_S if first > SEEK_S * FRAMES_PER_S else 0
        self._blocks = stereo_blocks(clip.path, rate_hz, tick, second=second)
        self.close = self._blocks.close
        self._rest = np.zeros((CHANNELS, 0), np.float32)
        self._ahead = (first - second * FRAMES_PER_S) * self._hop

    def read(self, frames: int, curve: Floats32 | None = None) -> Any:  # noqa: ANN401 - pydub's
        """Return the next frames with the gain of the clip, times a curve where there is one."""
        try:
            samples = self._take(frames * self._hop)
        except (AudioError, OSError) as error:
            raise _unreadable(self.clip, error) from error
        if curve is not None:
            samples = samples * curve
        if self.clip.course is not None:
            start = (self.clip.first + self.at - self.clip.at) * self._hop
            gains = moving_gains(self.clip.course, start, frames * self._hop, self._rate_hz)
            samples = samples * gains
        self.at += frames
        # No music reaches 18 dB over full scale; damaged samples are clipped, not wrapped.
        scaled = np.clip(samples.T, -FULL_SCALE_LIMIT, FULL_SCALE_LIMIT) * np.float32(FULL_SCALE)
        data = scaled.astype(np.int32).tobytes()
        return _segment(data, self._rate_hz).apply_gain(self.clip.gain_db)

    def _take(self, count: int) -> Floats32:
        parts, there = [self._rest], self._rest.shape[1]
        while there < count:
            block = next(self._blocks, None)
            if block is None:
                # Measured at its own rate, it may be a frame longer than at that of the mix.
                if count - there > self._hop:
                    raise AudioError("it has changed since it was measured")
                parts.append(np.zeros((CHANNELS, count - there), np.float32))
                break
            skipped = min(self._ahead, block.shape[1])
            self._ahead -= skipped
            parts.append(block[:, skipped:])
            there += block.shape[1] - skipped
        joined = np.concatenate(parts, axis=1)
        self._rest = joined[:, count:]
        return joined[:, :count]


class _Mixer:
    """Makes windows of a plan; the tracks that sound are open, and stay so for the next window."""

    def __init__(self, plan: MixPlan, rate_hz: int, tick: Tick | None = None) -> None:
        self._plan = plan
        self._rate_hz = rate_hz
        self._tick = tick
        self._open: dict[int, _Source] = {}

    def close(self) -> None:
        """Close the tracks."""
        for source in self._open.values():
            source.close()
        self._open.clear()

    def mixed(self, window: _Window) -> Any:  # noqa: ANN401 - pydub's
        """Return a window as a segment."""
        for number in self._open.keys() - set(window.sounding):
            self._open.pop(number).close()
        parts = [
            self._source(number, window.at).read(window.length, self._curve(number, window))
            for number in window.sounding
        ]
        if not parts:
            samples = window.length * self._rate_hz // FRAMES_PER_S
            return _segment(bytes(samples * CHANNELS * SAMPLE_BYTES), self._rate_hz)
        whole = reduce(lambda one, other: one.overlay(other), parts)
        if window.fade:
            fade = whole.fade_in if window.fade == "in" else whole.fade_out
            return fade(window.length * FRAME_MS)
        return whole

    def _curve(self, number: int, window: _Window) -> Floats32 | None:
        """Return the gains of a clip where it overlaps its neighbours, or None."""
        clips, hop = self._plan.clips, self._rate_hz // FRAMES_PER_S
        curve: Floats32 | None = None
        for side, (left, right) in enumerate(((number, number + 1), (number - 1, number))):
            if not 0 <= left < right < len(clips):
                continue
            start, end = clips[right].at, clips[left].end
            if start <= window.at < end:
                since = (window.at - start) * hop
                part = slice(since, since + window.length * hop)
                own = crossfade((end - start) * hop, part)[side]
                curve = own if curve is None else curve * own
        return curve

    def _source(self, number: int, at: int) -> _Source:
        source = self._open.pop(number, None)
        if source is None or source.at != at:
            if source is not None:
                source.close()
            source = _Source(self._plan.clips[number], at, self._rate_hz, self._tick)
        self._open[number] = source
        return source


def segments(plan: MixPlan, rate_hz: int, tick: Tick) -> Iterator[Any]:
    """Yield the whole mix in segments of pydub; raises `ClipError`."""
    mixer = _Mixer(plan, rate_hz, tick)
    try:
        yield from map(mixer.mixed, _windows(plan))
    finally:
        mixer.close()


def samples_of(segment: Any) -> Floats32:  # noqa: ANN401 - pydub's
    """Return a segment as float32 of shape (2, n), full scale = 1.0."""
    whole = np.frombuffer(segment.raw_data, np.int32).reshape(-1, CHANNELS)
    return np.ascontiguousarray(whole.T, np.float32) / np.float32(FULL_SCALE)


class MixReader:
    """Random access to the samples of a mix, as `render_session` makes them; a context manager.

    What is read next to what was read last costs little: the tracks stay open. Elsewhere the place
    is looked for in the track, which takes well under a second; a few containers (Matroska, WMA)
    find it to a thousandth of a second. For one thread at a time.

    Raises RequestError for another rate than 44100 or 48000.
    """

    def __init__(self, plan: MixPlan, rate_hz: int = RATES_HZ[-1]) -> None:
        if rate_hz not in RATES_HZ:
            raise checked.wrong("rate_hz", " or ".join(map(str, RATES_HZ)), rate_hz)
        self._hop = rate_hz // FRAMES_PER_S
        self._windows = list(_windows(plan))
        self._starts = [each.at for each in self._windows]
        self._mixer = _Mixer(plan, rate_hz)
        self._made: tuple[_Window, Floats32] | None = None
        self.length = plan.frames * self._hop
        """How many samples there are."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the tracks that are open."""
        self._mixer.close()

    def read(self, first: int, count: int) -> Floats32:
        """Return `count` samples from the `first` on, shape (2, n), full scale = 1.0.

        They are fewer at the end, and before a track that is missing or damaged. Raises RenderError
        where there is none for that reason; its attribute `clip` is the one that cannot be read.
        What was mended meanwhile can be read.
        """
        at, end = min(max(0, first), self.length), min(first + count, self.length)
        parts = [np.zeros((CHANNELS, 0), np.float32)]
        while at < end:
            try:
                window, samples = self._window(at // self._hop)
            except ClipError:
                self._mixer.close()
                if len(parts) == 1:
                    raise
                break
            start = at - window.at * self._hop
            parts.append(samples[:, start : start + end - at])
            at += parts[-1].shape[1]
        return np.concatenate(parts, axis=1)

    def _window(self, frame: int) -> tuple[_Window, Floats32]:
        window = self._windows[bisect_right(self._starts, frame) - 1]
        if self._made is None or self._made[0] is not window:
            self._made = window, samples_of(self._mixer.mixed(window))
        return self._made
