"""Library files: of tracks that were never recorded, and of music that was copied elsewhere."""

import dataclasses
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from playlist_builder.library.columns import CONTOUR_TYPE
from playlist_builder.library.database import Database
from playlist_builder.models import File, Measurement, Stat, Tags
from tests.support.measured import STEPS, features

GENTLE = {  # of music that may play anywhere
    "startle_lu": 5.0,
    "start_loudness_lufs": -20.0,
    "end_loudness_lufs": -20.0,
    "loudness_range_lu": 6.0,
    "leading_silence_s": 0.0,
    "trailing_silence_s": 0.0,
    "longest_silence_s": 0.0,
    "percussiveness": 0.3,
    "pulse_clarity": 0.1,
    "stroke_rate_hz": 0.5,
}


def fill_there(folder, count=80, **more):
    """Store gentle tracks whose files are there, though empty; return the library file."""
    for number in range(count):
        (folder / f"{number}.flac").touch()
    return fill(folder / "l.db", count, folder=str(folder), **GENTLE, **more)


def fill(path, count=120, *, artists=60, duration_s=200.0, folder="/m", **measures):
    """Store tracks of identities `0000`, `0001`, ... whose energy says nothing of other features.

    Contours are written as they are, so that no test depends on the weights of the score. All have
    the `measures` in common.
    """
    rng = np.random.default_rng(0)
    levels = 1.0 / (1.0 + np.exp(-rng.normal(0.0, 1.0, count)))
    contours = np.clip(levels[:, None] + rng.uniform(-0.05, 0.05, (count, 20)), 0.0, 1.0)
    with Database(str(path)) as database:
        for number in range(count):
            measured = dataclasses.replace(
                features(duration_s),
                spectral_centroid_hz=float(np.exp(rng.normal(7.0, 0.6))),
                onset_rate_hz=float(rng.gamma(2.0)),
                stroke_rate_hz=float(rng.gamma(1.0)),
                pulse_clarity=float(rng.random()),
                loudness_lufs=float(rng.normal(-20.0, 4.0)),
            )
            measured = dataclasses.replace(measured, **measures)
            identity = f"{number:04x}"
            tags = Tags(title=f"Title {number}", artists=(f"Artist {number % artists}",))
            file = File(f"{folder}/{number}.flac", Stat(1, 1), identity, tags)
            database.store(file, Measurement(measured, STEPS))
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executemany(
            "UPDATE features SET contour = ? WHERE identity = ?",
            [
                (contour.astype(CONTOUR_TYPE).tobytes(), f"{number:04x}")
                for number, contour in enumerate(contours)
            ],
        )
    return path


def duller(first, second):
    """Return the identity of the less bright of two tracks: to whom brightness is energy, it is
    the calmer one.
    """
    return min(first, second, key=lambda track: track.features.spectral_centroid_hz).identity


def move_music(library: Path, before: Path, now: Path) -> None:
    """Tell a library that its music lies in another folder, as a scan would find."""
    with closing(sqlite3.connect(library)) as connection, connection:
        rows = connection.execute("SELECT path FROM files").fetchall()
        connection.executemany(
            "UPDATE files SET path = ? WHERE path = ?",
            [(path.replace(os.fsencode(before), os.fsencode(now)), path) for (path,) in rows],
        )
