"""A score as plain values, as the record keeps it: from them a run goes on after a crash. Pure.

The slow moves of a gain are kept in hundredths of a dB, packed; `kept` gives a clip as it will be
read back, so that the mix of a restored score is the same to the last bit.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from playlist_builder import Clip
from playlist_builder.desk.score import Score, same

PER_DB = 100.0
STORED = np.dtype("<i2")


def kept(clip: Clip) -> Clip:
    """Return a clip as it is read back."""
    gain_db = round(float(clip.gain_db), 6)
    course = None if clip.course is None else _course(_packed(clip))
    return replace(clip, gain_db=gain_db, course=course)


def document(score: Score) -> dict[str, Any]:
    """Return a score of clips that are `kept` as plain values."""
    clips = [_plain(each) for each in score.clips]
    is_own = len(score.sounds) == len(score.clips) and all(map(same, score.sounds, score.clips))
    sounds = None if is_own else [_plain(each) for each in score.sounds]
    return {"clips": clips, "sounds": sounds, "overall_db": score.overall_db}


def score_of(values: Mapping[str, Any]) -> Score | None:
    """Return the score of a document, or None for what is none."""
    try:
        clips = _clips(values["clips"])
        sounds = clips if values["sounds"] is None else _clips(values["sounds"])
        return Score(clips, sounds, float(values["overall_db"])) if clips else None
    except (KeyError, TypeError, ValueError, zlib.error):
        return None


def _clips(rows: Sequence[Mapping[str, Any]]) -> tuple[Clip, ...]:
    return tuple(
        Clip(**{**row, "course": _course(row["course"]) if row["course"] else None}) for row in rows
    )


def _plain(clip: Clip) -> dict[str, Any]:
    packed = None if clip.course is None else _packed(clip)
    return asdict(replace(clip, course=None)) | {"course": packed}


def _packed(clip: Clip) -> str:
    rounded = np.round(np.asarray(clip.course) * PER_DB).astype(STORED)
    return base64.b64encode(zlib.compress(rounded.tobytes(), 9)).decode("ascii")


def _course(packed: str) -> Any:  # noqa: ANN401 - an array of the public type of a clip
    raw = zlib.decompress(base64.b64decode(packed, validate=True))
    return np.frombuffer(raw, STORED).astype(np.float64) / PER_DB
