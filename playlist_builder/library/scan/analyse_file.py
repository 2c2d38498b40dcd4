"""One file to what the library keeps of it: the work that is done in parallel.

Pure top-level functions of a path, so that any executor can run them anywhere the file is seen.
They never touch the library file. A bad file is a `Skipped` value; an error in our own code is
not caught.

What reads music and tags is loaded by the calls, not with this module: a scan names them, and its
processes run them.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import features
from playlist_builder.analysis.not_music import NotMusic
from playlist_builder.analysis.spectrum import mono_gains
from playlist_builder.errors import AudioError, system_reason
from playlist_builder.library.scan.file_state import UNREADABLE_STAT, FileResult, lyrics_paths, stat
from playlist_builder.models import (
    STYLE_SIZE,
    Embedding,
    File,
    Measurement,
    Skipped,
    Stat,
    Tags,
    VoiceDetection,
)
from playlist_builder.networks import music
from playlist_builder.networks.resampler import Stream
from playlist_builder.vocals import detector, style

if TYPE_CHECKING:
    from playlist_builder.audio.decode import Layout

LEAST_ALBUM_S = 900.0  # of files whose folder is searched for a CUE sheet
MOST_SHEETS = 100  # that are read in a folder
MIN_MONO_SHARE = 0.1  # of the energy of the loudest channel; a mono mix with less has lost music


def analyse(path: str, vocals: bool, embedding: bool) -> FileResult:  # noqa: FBT001 - sent to another process
    """Decode a file once: identity, tags, features, and voices and embedding where asked for."""
    return _timed(path, measure=True, vocals=vocals, embedding=embedding)


def run_networks(path: str, vocals: bool, embedding: bool) -> FileResult:  # noqa: FBT001 - as above
    """Decode a file of known features once for its voices, its embedding, or both."""
    return _timed(path, measure=False, vocals=vocals, embedding=embedding)


def identify(path: str) -> FileResult:
    """Read a file without decoding: identity and tags."""
    return _read(path, measure=False, vocals=False, embedding=False)


def _timed(path: str, *, measure: bool, vocals: bool, embedding: bool) -> FileResult:
    began = time.process_time()
    result = _read(path, measure=measure, vocals=vocals, embedding=embedding)
    music_s = result.measured.features.duration_s if result.measured is not None else 0.0
    return replace(result, cpu_s=time.process_time() - began, music_s=music_s)


def _read(path: str, *, measure: bool, vocals: bool, embedding: bool) -> FileResult:
    from playlist_builder.audio import decode  # noqa: PLC0415 - see above

    before = Stat(0, 0)
    try:
        # Taken first: a file that is edited meanwhile will look changed at the next scan.
        before = stat(path)
        with decode.AudioFile(path) as recording:
            layout, measured, heard = recording.layout, None, None
            blocks = recording.blocks()
            listener = embedder = None
            if vocals and not detector.supports_rate(layout.sample_rate_hz):
                heard = VoiceDetection("unknown", 0.0)
            elif vocals:
                listener = detector.VoiceDetector(detector.model())
            if embedding and music.supports_rate(layout.sample_rate_hz):
                embedder = music.MusicListener()
            listeners = [each for each in (listener, embedder) if each is not None]
            if listeners:
                stream = Stream(layout.sample_rate_hz)
                blocks = _with_listeners(blocks, stream, listeners, mono_gains(layout.channels))
            if measure:
                measured = _measured(blocks, layout)
            elif vocals or embedding:
                deque(blocks, maxlen=0)
            else:
                recording.read_packets()
            embedded = _embedding(embedder) if embedding else None
            if listener is not None:
                heard = listener.finish(style.voice_log_odds(embedded) if embedded else 0.0)
            file = File(path, before, recording.identity, _tags(path))
        return FileResult(before, file, measured, heard, embedded, recording.header)
    except AudioError as error:
        unreadable = isinstance(error.__cause__, OSError)
        return FileResult(UNREADABLE_STAT if unreadable else before, Skipped(path, error.text))
    except OSError as error:
        return FileResult(UNREADABLE_STAT, Skipped(path, system_reason(error)))


def _measured(blocks: Iterable[NDArray[np.float32]], layout: "Layout") -> Measurement:
    """Return what was measured in a track; raises AudioError where it is no music."""
    doubt = NotMusic()
    found = features.measure(
        _watched(blocks, doubt), sample_rate_hz=layout.sample_rate_hz, channels=layout.channels
    )
    if reason := doubt.reason(found.features.loudness_lufs):
        raise AudioError(reason)
    return found


def _watched(
    blocks: Iterable[NDArray[np.float32]], doubt: NotMusic
) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        doubt.push(block)
        yield block


def _embedding(listener: music.MusicListener | None) -> Embedding:
    """Return what the network makes of a track; no patches where its rate cannot be heard."""
    if listener is None:
        return Embedding(np.zeros((0, STYLE_SIZE), np.float32), np.zeros(0, np.float32))
    return music.embed(music.model(), listener)


def _with_listeners(
    blocks: Iterable[NDArray[np.float32]],
    stream: Stream,
    listeners: Sequence[detector.VoiceDetector | music.MusicListener],
    gains: NDArray[np.float32],
) -> Iterator[NDArray[np.float32]]:
    """Pass blocks on, and their mono mix to listeners: one decoding and resampling serve all."""
    for block in blocks:
        heard = stream.push(_mono(block, gains))
        for listener in listeners:
            listener.push(heard)
        yield block
    rest = stream.finish()
    for listener in listeners:
        listener.push(rest)


def _mono(block: NDArray[np.float32], gains: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mono mix, or the loudest channel where channels cancel each other out in it."""
    mono: NDArray[np.float32] = gains @ block
    energy = np.vecdot(block, block)
    if float(np.vdot(mono, mono)) < MIN_MONO_SHARE * float(energy.max(initial=0.0)):
        loudest: NDArray[np.float32] = block[int(energy.argmax())]
        return loudest
    return mono


def _tags(path: str) -> Tags:
    """Return the tags of a file, which may have its lyrics and CUE sheet in files beside it."""
    from playlist_builder.tags import read as tags  # noqa: PLC0415 - see above

    found = tags.read(path)
    if found.cue_tracks == 0 and (found.duration_s or 0.0) >= LEAST_ALBUM_S:
        found = replace(found, cue_tracks=_tracks_of_sheets(path))
    return found if found.has_lyrics else replace(found, has_lyrics=_has_lyrics_file(path))


def _tracks_of_sheets(path: str) -> int:
    """Return how many tracks the CUE sheets of a folder name in a file."""
    from playlist_builder.tags import cue_sheet  # noqa: PLC0415 - see above

    count = 0
    with suppress(OSError):
        sheets = [sheet for sheet in Path(path).parent.iterdir() if sheet.suffix.lower() == ".cue"]
        for sheet in sheets[:MOST_SHEETS]:
            if sheet.is_file():
                with sheet.open("rb") as file:
                    text = file.read(cue_sheet.MAX_CHARACTERS).decode("utf-8", "replace")
                count = max(count, cue_sheet.count_tracks(text, Path(path).name))
    return count


def _has_lyrics_file(path: str) -> bool:
    from playlist_builder.tags import fields, lyrics  # noqa: PLC0415 - see above

    for beside in lyrics_paths(path):
        if not Path(beside).is_file():  # a pipe would be waited for
            continue
        with suppress(OSError), Path(beside).open("rb") as file:
            return lyrics.are_lyrics(file.read(fields.MAX_CHARACTERS).decode("utf-8", "replace"))
    return False
