"""A session to one audio file without gaps, or its transitions alone.

Every track is decoded twice: first measured, so that one that is missing or damaged is reported
before anything is written, then mixed. The true peak of the file is measured last; if the encoder
exceeded the limit, the whole is mixed again, softer.
"""

import os
import stat
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from playlist_builder import checked
from playlist_builder.audio import decode, encode
from playlist_builder.audio.encode import Encoder
from playlist_builder.errors import RenderError, system_reason
from playlist_builder.files.atomic import atomic_path
from playlist_builder.files.companion import marked, write_beside
from playlist_builder.language.text import encodable
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session
from playlist_builder.recording import chapters, cover, cue, stream
from playlist_builder.recording import mix as mixing
from playlist_builder.recording.gains import (
    LOSSLESS_MARGIN_DB,
    LOSSY_MARGIN_DB,
    PEAK_LIMIT_DBTP,
)
from playlist_builder.recording.levels import FRAMES_PER_S, Levels, TruePeak
from playlist_builder.recording.measure import RATES_HZ, levels_of
from playlist_builder.recording.mix import MixPlan
from playlist_builder.recording.mix_settings import MixSettings
from playlist_builder.recording.preview import preview
from playlist_builder.recording.session_mix import naming, not_rendered, profile_of
from playlist_builder.recording.stream import CHANNELS, ClipError

TRIES = 4
CUE_FOR = frozenset({".flac", ".wav"})
MEASURING, MIXING, CHECKING = Phrase("measuring"), Phrase("mixing"), Phrase("checking")
Clock = Callable[[str, float], None]  # takes an activity, and how many seconds of music it has done


@dataclass(frozen=True, slots=True)
class RenderProgress:
    """Seconds of music done and in all; `activity` is measuring, mixing or checking."""

    activity: str
    done_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class Recording:
    """A rendered session: its files, the mix, and the true peak of the file.

    `cue_error` says why a CUE sheet that should be there is not; mostly it is empty.
    """

    path: str
    cue_path: str | None
    plan: MixPlan
    true_peak_dbtp: float
    cue_error: str = ""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.plan.frames / FRAMES_PER_S


def _numbers(field: str, value: object) -> None:
    """Check the numbers of tracks into which a transition leads."""
    if not isinstance(value, Collection) or any(type(n) is not int or n < 2 for n in value):  # noqa: PLR2004 - the first that follows another
        raise checked.wrong(field, Phrase("a list of numbers from 2 on"), value)


@checked.takes(session=checked.a(Session), path=checked.path)
def render_session(
    session: Session,
    path: str | os.PathLike[str],
    *,
    settings: MixSettings | None = None,
    progress: Callable[[RenderProgress], None] | None = None,
) -> Recording:
    """Render slots and tail of a session to `path`, in the format of its suffix.

    Raises `RenderError` where a track is missing or damaged or the file cannot be written; then
    nothing is written.
    """
    return _render(session, path, settings, progress, lambda plan: plan)


@checked.takes(session=checked.a(Session), path=checked.path, joins=_numbers)
def preview_session(
    session: Session,
    path: str | os.PathLike[str],
    *,
    joins: Collection[int] = (),
    settings: MixSettings | None = None,
    progress: Callable[[RenderProgress], None] | None = None,
) -> Recording:
    """Render the transitions alone, as they sound in `render_session`; raises as it does.

    With `joins` only those that lead into the tracks of these numbers, from 2; the tail goes on
    counting. Raises RequestError for a number of which there is no transition.
    """
    last = len(session.slots) + len(session.tail)
    if last < 2:  # noqa: PLR2004 - from one to the next
        raise RenderError("A session of one track has no transition. Use 'render'")
    if beyond := [number for number in joins if number > last]:
        wanted = Phrase("numbers from 2 to {last}", last=last)
        raise checked.wrong("joins", wanted, beyond[0])
    return _render(session, path, settings, progress, partial(preview, joins=joins))


def _render(
    session: Session,
    path: str | os.PathLike[str],
    settings: MixSettings | None,
    progress: Callable[[RenderProgress], None] | None,
    part: Callable[[MixPlan], MixPlan],
) -> Recording:
    name = os.fspath(path)
    slots = (*session.slots, *session.tail)
    paths = list(dict.fromkeys(slot.path for slot in slots))
    suffix = check_output(path, paths)
    form = encode.RECORDING_FORMS[suffix]
    profile = profile_of(session)
    rate_hz, deep = _common(paths)
    clock = _clock(progress, sum(slot.duration_s for slot in slots))
    found: dict[str, Levels] = {}
    for each in paths:
        with naming(each):
            found[each] = levels_of(each, partial(clock, MEASURING))
    margin_db = LOSSLESS_MARGIN_DB if form.lossless else LOSSY_MARGIN_DB
    planned = part(
        mixing.plan(session, found, profile, settings or MixSettings(), PEAK_LIMIT_DBTP - margin_db)
    )
    tags = {
        "title": encodable(Path(path).stem),
        "album": profile.title if profile is not None else session.profile,
        "artist": "Various Artists",
    }
    try:
        with atomic_path(path) as temporary:
            for _ in range(TRIES):
                new = os.fspath(temporary)
                marks = planned.chapters
                with Encoder(new, form, rate_hz, deep=deep, chapters=marks, tags=tags) as encoder:
                    peak = _encode_mix(planned, rate_hz, encoder, clock)
                if not form.lossless:
                    peak = _peak_of(new, clock)
                peak_dbtp = 20.0 * float(np.log10(max(peak, 1e-9)))
                if peak_dbtp <= PEAK_LIMIT_DBTP:
                    break
                planned = planned.softer(peak_dbtp - PEAK_LIMIT_DBTP + LOSSLESS_MARGIN_DB)
            else:
                raise RenderError("{name!r} overshoots at any gain. Render to .flac", name=name)
            if suffix != ".wav":
                chapters.write_chapters(temporary, suffix, cover.png(session), planned.chapters)
    except OSError as error:
        raise _not_written(name, error) from error
    if suffix not in CUE_FOR:
        return Recording(name, None, planned, peak_dbtp)
    cue_path = os.fspath(Path(path).with_suffix(".cue"))
    text = cue.sheet(Path(path).name, tags["title"], planned.chapters)
    problem = write_beside(cue_path, marked(text.encode("utf-8", "replace"), "REM"))
    return Recording(name, None if problem else cue_path, planned, peak_dbtp, problem)


def check_output(path: str | os.PathLike[str], sources: Sequence[str] = ()) -> str:
    """Return the suffix of a file that can be written; raises `RenderError`."""
    file = Path(path)
    name, suffix = os.fspath(path), file.suffix.lower()
    if suffix not in encode.RECORDING_FORMS:
        known = ", ".join(encode.RECORDING_FORMS)
        raise RenderError(
            "Cannot render {name!r}: give a file that ends in {known}", name=name, known=known
        )
    try:
        if file.exists():
            if not stat.S_ISREG(file.stat().st_mode):
                raise RenderError(
                    "Cannot write {name!r}: it is no file. Choose another name", name=name
                )
            if any(Path(each).exists() and file.samefile(each) for each in sources):
                raise RenderError(
                    "{name!r} is a track of the session. Choose another name", name=name
                )
        if not os.access(file.absolute().parent, os.W_OK):
            raise RenderError(
                "Cannot write {name!r}: its folder is not there or is closed. Choose another place",
                name=name,
            )
    except OSError as error:
        raise _not_written(name, error) from error
    return suffix


def _not_written(name: str, error: OSError) -> RenderError:
    return RenderError(
        "Cannot write {name!r}: {strerror}. Choose another place",
        name=name,
        strerror=system_reason(error),
    )


def _common(paths: Sequence[str]) -> tuple[int, bool]:
    """Return the rate that most files have or divide into, and whether any is deep."""
    gone = [each for each in paths if not Path(each).is_file()]
    if gone:
        if len(gone) == 1:
            raise RenderError(
                "{gone!r} is not there, so nothing was rendered. Look for it with"
                " 'playlist-builder check --fix SESSION'",
                gone=gone[0],
            )
        raise RenderError(
            "{count} tracks are not there, such as {gone!r}, so nothing was rendered. Look for them"
            " with 'playlist-builder check --fix SESSION'",
            gone=gone[0],
            count=len(gone),
        )
    rates: Counter[int] = Counter()
    deep = False
    for path in paths:
        with naming(path), decode.AudioFile(path) as file:
            deep = deep or file.is_deep
            rate_hz = file.layout.sample_rate_hz
            rates.update(each for each in RATES_HZ if each % rate_hz == 0 or rate_hz % each == 0)
    return max(RATES_HZ, key=lambda each: (rates[each], each == RATES_HZ[0])), deep


def _clock(report: Callable[[RenderProgress], None] | None, duration_s: float) -> Clock:
    """Return what counts the seconds of music decoded in all passes, and reports them."""
    done_s = 0.0

    def tick(activity: str, seconds: float) -> None:
        nonlocal done_s
        done_s += seconds
        if report is not None:
            report(RenderProgress(activity, done_s, max(2.0 * duration_s, done_s)))

    return tick


def _encode_mix(plan: MixPlan, rate_hz: int, encoder: Encoder, clock: Clock) -> float:
    """Mix into an encoder; returns the true peak of the mix, full scale = 1.0."""
    meter = TruePeak(CHANNELS)
    peak = 0.0
    try:
        for segment in stream.segments(plan, rate_hz, partial(clock, MIXING)):
            encoder.write(np.frombuffer(segment.raw_data, np.int32).reshape(-1, CHANNELS))
            peak = max(peak, float(meter.push(stream.samples_of(segment))[0]))
    except ClipError as error:
        raise not_rendered(error.clip.path, error.error) from error
    return peak


def _peak_of(path: str, clock: Clock) -> float:
    meter = TruePeak(CHANNELS)
    peak = 0.0
    with decode.AudioFile(path) as file:
        for block in file.blocks():
            peak = max(peak, float(meter.push(block)[0]))
            clock(CHECKING, block.shape[1] / file.layout.sample_rate_hz)
    return peak
