"""One file to what the library keeps of it: the work that is done in parallel.

Pure top-level functions of a path, so that any executor can run them anywhere the file is seen.
They never touch the library file. A bad file is a `Skipped` value; an error in our own code is
not caught.

What reads music and tags is loaded by the calls, not with this module: a scan names them, and its
processes run them.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import features, spectrum
from playlist_builder.analysis.not_music import NotMusic
from playlist_builder.analysis.spectrum import Spectra
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
from playlist_builder.networks import mel, music
from playlist_builder.vocals import detector, style

if TYPE_CHECKING:
    from playlist_builder.audio.decode import Layout

LEAST_ALBUM_S = 900.0  # of files whose folder is searched for a CUE sheet
MOST_SHEETS = 100  # that are read in a folder


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
            hears = mel.supports_rate(layout.sample_rate_hz)
            if vocals and not hears:
                heard = VoiceDetection("unknown", 0.0)
            listener = detector.VoiceDetector(detector.model()) if vocals and hears else None
            embedder = music.MusicListener(layout.sample_rate_hz) if embedding and hears else None
            hear = _hearing(listener, embedder)
            if measure:
                measured = _measured(recording.blocks(), layout, hear)
            elif hear is not None:
                for part in _spectra(recording.blocks(), layout):
                    hear(part)
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


def _hearing(
    listener: detector.VoiceDetector | None, embedder: music.MusicListener | None
) -> Callable[[Spectra], None] | None:
    """Return what lets the networks hear a part of a track, None where there are none."""
    if listener is None and embedder is None:
        return None

    def hear(part: Spectra) -> None:
        if listener is not None:
            listener.push(part.mel, part.heard)
        if embedder is not None:
            embedder.push(part.heard)

    return hear


def _spectra(blocks: Iterable[NDArray[np.float32]], layout: "Layout") -> Iterator[Spectra]:
    rate_hz, channels = layout.sample_rate_hz, layout.channels
    return spectrum.spectra(blocks, sample_rate_hz=rate_hz, channels=channels, hear=True)


def _measured(
    blocks: Iterable[NDArray[np.float32]],
    layout: "Layout",
    hear: Callable[[Spectra], None] | None,
) -> Measurement:
    """Return what was measured in a track; raises AudioError where it is no music."""
    doubt = NotMusic()
    found = features.measure(
        _watched(blocks, doubt),
        sample_rate_hz=layout.sample_rate_hz,
        channels=layout.channels,
        hear=hear,
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
