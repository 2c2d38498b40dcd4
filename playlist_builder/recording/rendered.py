"""A session as it plays in its recording: at what times, and how loud. Pure."""

from dataclasses import replace

import numpy as np

from playlist_builder.models import STEP_S, Session, Slot
from playlist_builder.playlists.times import retimed
from playlist_builder.recording.gains import PER_BLOCK
from playlist_builder.recording.levels import BLOCKS_PER_S, FRAMES_PER_S
from playlist_builder.recording.mix import Clip, MixPlan

EDGE_S = 10.0  # over which loudness at either end of a track is told
LEVELLED = {"loudness_jumps", "loudness_falls", "opens_loud", "ends_loud"}  # notices of masters
PLAYED = {"planned_silences"}  # what is told of others than recordings


def rendered_session(session: Session, plan: MixPlan) -> Session:
    """Return a session at the times of the mix of all of it, each track as loud as it is there.

    Each slot lasts until the next begins, or a planned silence, as the chapters do. Notices on the
    loudness of masters are left out.
    """
    starts, ends = [clip.at for clip in plan.clips], [clip.end for clip in plan.clips]
    until = [min(pair) for pair in zip(ends, [*starts[1:], ends[-1]], strict=True)]
    timed = retimed(session, *([each / FRAMES_PER_S for each in some] for some in (starts, until)))
    slots = [
        _as_mixed(slot, clip)
        for slot, clip in zip((*timed.slots, *timed.tail), plan.clips, strict=True)
    ]
    count = len(session.slots)
    request = session.request
    return replace(
        timed,
        slots=tuple(slots[:count]),
        tail=tuple(slots[count:]),
        warnings=tuple(each for each in session.warnings if each.code not in LEVELLED | PLAYED),
        request=None if request is None else replace(request, levelled=False),
    )


def _as_mixed(slot: Slot, clip: Clip) -> Slot:
    skipped_s = clip.first / FRAMES_PER_S - (slot.from_s or 0.0)
    course = np.zeros(1) if clip.course is None else clip.course[clip.first // PER_BLOCK :]
    edge = round(EDGE_S * BLOCKS_PER_S)
    length = -(-clip.length // PER_BLOCK)
    gains_db = clip.gain_db + course[:length]

    def louder(lufs: float | None, moves: np.ndarray) -> float | None:
        return None if lufs is None else lufs + float(moves.mean())

    return replace(
        slot,
        contour=slot.contour[round(max(0.0, skipped_s) / STEP_S) :],
        loudness_lufs=slot.loudness_lufs + float(gains_db.mean()),
        start_loudness_lufs=louder(slot.start_loudness_lufs, gains_db[:edge]),
        end_loudness_lufs=louder(slot.end_loudness_lufs, gains_db[-edge:]),
    )
