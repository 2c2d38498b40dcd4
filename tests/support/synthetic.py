"""Libraries that never existed: tracks with realistic lengths and contours, from a seed.

Lengths are log-normal about a median of 4.5 minutes (the public session playlists have 5.7),
cut to 2 to 15; contours wander about the track's own level, rise from an intro and fall to an
outro, as measured ones do; tempo, key, loudness and artists are drawn for each track.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from playlist_builder.arranger.result import Session
from playlist_builder.models import KEYS, STEP_S, Emotion, Features, Tags, Track, Vocals
from playlist_builder.profiles.profile import Phase, Profile, Rules

UNKNOWN = 0.2  # of the tracks that are felt


def track(  # noqa: PLR0913 - every one of these is what some test is about
    number: int,
    duration_s: float,
    contour: np.ndarray,
    *,
    artist: str = "",
    title: str = "",
    vocals: Vocals = "none",
    start_lufs: float = -20.0,
    end_lufs: float = -20.0,
    startle_lu: float = 5.0,
    tempo_bpm: float = 100.0,
    key: str = "C major",
    centroid_hz: float = 1500.0,
    percussiveness: float = 0.3,
    stroke_rate_hz: float = 0.0,
    pulse_clarity: float = 0.1,
    emotion: Emotion | None = None,
    style: np.ndarray | None = None,
    silence_s: tuple[float, float] | None = None,
) -> Track:
    """Return a track whose identity and path follow from its number.

    `silence_s` says where its longest silence begins, and how long that is.
    """
    features = Features(
        duration_s=duration_s,
        sample_rate_hz=44100,
        channels=2,
        loudness_lufs=(start_lufs + end_lufs) / 2.0,
        loudness_range_lu=6.0,
        sample_peak_dbfs=-1.0,
        start_loudness_lufs=start_lufs,
        end_loudness_lufs=end_lufs,
        startle_lu=startle_lu,
        leading_silence_s=0.0,
        trailing_silence_s=0.0,
        longest_silence_s=silence_s[1] if silence_s else 0.0,
        longest_silence_start_s=silence_s[0] if silence_s else 0.0,
        tempo_bpm=tempo_bpm,
        tempo_confidence=0.6,
        key=key,
        key_confidence=0.6,
        onset_rate_hz=2.0,
        spectral_centroid_hz=centroid_hz,
        percussiveness=percussiveness,
        stroke_rate_hz=stroke_rate_hz,
        pulse_clarity=pulse_clarity,
    )
    return Track(
        path=f"/music/{number:06d}.flac",
        identity=f"{(number * 2654435761) % 2**32:08x}{number:08x}",
        tags=Tags(title=title or f"Title {number}", artists=(artist,) if artist else ()),
        features=features,
        energy=float(contour.mean()),
        contour=contour.astype(np.float32),
        vocals=vocals,
        emotion=emotion,
        style=style,
    )


def plain(number: int, minutes: float = 5.0, level: float = 0.5, **more: Any) -> Track:
    """Return a track of one level throughout."""
    return track(number, minutes * 60.0, np.full(math.ceil(minutes * 6), level), **more)


def library(count: int, seed: int, *, artists: int | None = None) -> list[Track]:
    """Return `count` tracks by `artists` artists, or by a third as many as there are tracks."""
    rng = np.random.default_rng(seed)
    names = artists or max(count // 3, 1)
    lengths = np.clip(np.exp(rng.normal(np.log(270.0), 0.5, count)), 121.0, 899.0)
    levels = rng.beta(1.6, 2.2, count)
    return [
        track(
            number,
            float(np.round(lengths[number], 3)),
            _contour(float(levels[number]), int(-(-lengths[number] // STEP_S)), rng),
            artist=f"Artist {rng.integers(names)}",
            start_lufs=float(rng.normal(-24.0 + 10.0 * levels[number], 4.0)),
            end_lufs=float(rng.normal(-26.0 + 8.0 * levels[number], 4.0)),
            startle_lu=float(rng.gamma(4.0, 2.0)),
            tempo_bpm=float(rng.uniform(60.0, 160.0)),
            key=KEYS[rng.integers(24)],
            centroid_hz=float(np.exp(rng.normal(np.log(1200.0 + 1500.0 * levels[number]), 0.3))),
            percussiveness=float(np.clip(rng.normal(levels[number], 0.2), 0.0, 1.0)),
        )
        for number in range(count)
    ]


def felt(tracks: list[Track], seed: int) -> list[Track]:
    """Return tracks with strokes, a pulse and an emotion each; a fifth are of unknown emotion."""
    rng = np.random.default_rng(seed)
    return [
        replace(
            each,
            features=replace(
                each.features,
                stroke_rate_hz=float(rng.gamma(1.0, 2.0)),
                pulse_clarity=float(rng.beta(2.0, 4.0)),
            ),
            emotion=None if rng.random() < UNKNOWN else emotion(*rng.random(2).tolist()),
        )
        for each in tracks
    ]


def emotion(tension: float = 0.3, moving: float = 0.5) -> Emotion:
    """Return an emotion that does not change."""
    return Emotion(tension, 0.1, np.full(1, tension, np.float32), moving)


def _contour(level: float, steps: int, rng: np.random.Generator) -> np.ndarray:
    drift = np.cumsum(rng.normal(0.0, 0.02, steps))
    drift -= drift.mean()
    edge = np.minimum(np.arange(steps), np.arange(steps)[::-1])
    shape = -0.12 * np.exp(-edge / 1.5)
    noise = rng.normal(0.0, 0.025, steps)
    return np.clip(level + drift + shape + noise, 0.0, 1.0)


def arc(minutes: float = 30.0, **rules: Any) -> Profile:
    """Return a profile that calms, peaks and returns."""
    duration_s = minutes * 60.0
    levels = ((0.0, 0.3, 0.15, 0.3), (0.3, 0.7, 0.5, 0.75), (0.7, 1.0, 0.5, 0.1))
    names = ("calm", "peak", "return")
    phases = tuple(
        Phase(name, first * duration_s, last * duration_s, low, high)
        for name, (first, last, low, high) in zip(names, levels, strict=True)
    )
    return Profile("arc", "Arc", "", duration_s, phases, Rules(**rules))


def flat(minutes: float, level: float = 0.5, **limits: Any) -> Profile:
    """Return a profile of one phase at one level."""
    return Profile(
        "flat",
        "Flat",
        "",
        minutes * 60.0,
        (Phase("only", 0.0, minutes * 60.0, level, level, **limits),),
    )


def paths(session: Session) -> list[str]:
    """Return the paths of the tracks of a session, in order."""
    return [slot.path for slot in session.slots]
