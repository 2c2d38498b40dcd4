"""A slot whose track the library does not know any more -> a track, which can be taken out."""

from math import ceil

import numpy as np

from playlist_builder.models import STEP_S, Features, Floats, Floats32, Slot, Tags, Track


def lost_track(slot: Slot, percentiles: Floats | None) -> Track:
    """Return what a session knows of the track of a slot, as a track that is missing.

    `percentiles` lead from the absolute scale to that of the session. What a session does not tell,
    such as strokes or a startling rise, counts as none.
    """
    contour = _absolute(slot, percentiles)
    work = slot.work
    energy = float(contour.mean()) if work is None or work.energy is None else work.energy
    tags = Tags(
        title=slot.title,
        artists=(slot.artist,) if slot.artist else (),
        album=slot.album,
        musicbrainz_recording_id="" if work is None else work.recording_id,
    )
    return Track(
        path=slot.path,
        identity=slot.identity,
        tags=tags,
        features=_features(slot),
        energy=energy,
        contour=contour,
        vocals=slot.vocals,
        missing=True,
        from_s=slot.from_s,
        to_s=slot.to_s,
    )


def _absolute(slot: Slot, percentiles: Floats | None) -> Floats32:
    """Return the energy of a slot in each step on the absolute scale."""
    steps = max(ceil(slot.duration_s / STEP_S), 1)
    levels = np.array(slot.contour or [slot.energy] * steps)
    if percentiles is not None:
        levels = np.interp(levels, percentiles, np.linspace(0.0, 1.0, len(percentiles)))
    return levels.astype(np.float32)


def _features(slot: Slot) -> Features:
    lufs = slot.loudness_lufs
    start_lufs, end_lufs = slot.start_loudness_lufs, slot.end_loudness_lufs
    return Features(
        duration_s=slot.duration_s,
        sample_rate_hz=44_100,
        channels=2,
        loudness_lufs=lufs,
        loudness_range_lu=0.0,
        sample_peak_dbfs=0.0,
        start_loudness_lufs=lufs if start_lufs is None else start_lufs,
        end_loudness_lufs=lufs if end_lufs is None else end_lufs,
        startle_lu=0.0,
        leading_silence_s=0.0,
        trailing_silence_s=0.0,
        longest_silence_s=0.0,
        longest_silence_start_s=0.0,
        tempo_bpm=0.0,
        tempo_confidence=0.0,
        key="",
        key_confidence=0.0,
        onset_rate_hz=0.0,
        spectral_centroid_hz=0.0,
        percussiveness=0.0,
        stroke_rate_hz=0.0,
        pulse_clarity=0.0,
    )
