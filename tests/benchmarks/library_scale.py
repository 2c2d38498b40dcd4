"""How long scanning, listing and building take in a large library: real processes, made-up music.

    python -m tests.benchmarks.library_scale [TRACKS]

It makes that many tiny files in folders, and rows for them as a scan would have left. Every figure
is the least of some runs of a whole process; `walk_s` is a bare `os.scandir` and `stat` of the
same files in Python, in a process of its own as well, and `walk_ratio` the scan over it.
`table_cpu_s` and `query_cpu_s` are CPU seconds of listing all tracks, and those of one genre, as a
table.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from playlist_builder.analysis.energy import load_weights
from playlist_builder.library.database import Database
from playlist_builder.library.library import Library
from playlist_builder.library.scan.walk import walk
from playlist_builder.models import (
    KEYS,
    STEP_S,
    STYLE_SIZE,
    Embedding,
    Features,
    File,
    Mark,
    Measurement,
    Tags,
    VoiceDetection,
    VoiceSpan,
)
from playlist_builder.networks.music import PATCHES

TRACKS = 100_000
REPEATS = 3
PER_ALBUM = 12
ALBUMS_PER_ARTIST = 4
WORDS = """
amber ash autumn bell blue bridge cedar cloud coast dawn deep distant dream drift dusk
early ember evening far field first glass gold grey harbour hill hollow horizon in iron
lake last light long low meadow mist moon morning night north of old open over pale quiet
rain river sea second shadow silver slow snow song south still stone storm summer sun the
tide under valley vocalise voice wave west white wind winter instrumental
""".split()  # noqa: SIM905 - a list would take a line for each
GENRES = ("Ambient", "Classical", "Electronic", "Folk", "Jazz", "Opera", "Post-Rock", "Soundtrack")
COMMENTS = ("", "", "Exact Audio Copy", "Visit https://music.example", "Vinyl rip, 24 bit")
QUERY = "genre:ambient"
NEVER_COMPILED = "PYTHONDONTWRITEBYTECODE"
WALK = """
import os, sys, time
def walk(folder):
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                walk(entry.path)
            else:
                entry.stat()
walk(sys.argv[1])
"""


def tags(number: int, rng: np.random.Generator) -> Tags:
    """Return what a well-kept file says of itself."""
    album = number // PER_ALBUM
    artist = f"Artist {album // ALBUMS_PER_ARTIST}"

    def name(length: int) -> str:
        return " ".join(WORDS[place] for place in rng.integers(len(WORDS), size=length)).title()

    def uuid(kind: int, which: int) -> str:
        return f"{kind:08x}-aaaa-4bbb-8ccc-{which:012x}"

    return Tags(
        title=name(3),
        artists=(artist,),
        album=f"Album {album}",
        album_artists=(artist,),
        genres=(GENRES[int(rng.integers(len(GENRES)))],),
        date=f"{1950 + album % 75}-03-01",
        comments=(COMMENTS[int(rng.integers(len(COMMENTS)))],),
        has_lyrics=bool(rng.random() < 0.05),
        track_gain_db=round(float(rng.normal(-6.0, 3.0)), 2),
        track_peak=0.98,
        musicbrainz_recording_id=uuid(1, number),
        musicbrainz_track_id=uuid(2, number),
        musicbrainz_album_id=uuid(3, album),
        musicbrainz_artist_ids=(uuid(4, album // ALBUMS_PER_ARTIST),),
    )


def measured(rng: np.random.Generator) -> Measurement:
    """Return measurements within the range that rated music has."""
    weights = load_weights()
    duration_s = float(np.clip(np.exp(rng.normal(np.log(225.0), 0.5)), 60.0, 899.0))
    own = rng.random(len(weights.low))
    spread = rng.normal(0.0, 0.1, (int(-(-duration_s // STEP_S)), len(own)))
    low, high = np.nan_to_num(weights.low, neginf=0.0), np.nan_to_num(weights.high, posinf=1.0)
    steps = low + np.clip(own + spread, 0.0, 1.0) * (high - low)
    loudness = float(rng.normal(-18.0, 4.0))
    whole = Features(
        duration_s=duration_s,
        sample_rate_hz=44100,
        channels=2,
        loudness_lufs=loudness,
        loudness_range_lu=float(rng.gamma(4.0, 2.0)),
        sample_peak_dbfs=-0.3,
        start_loudness_lufs=loudness + float(rng.normal(-3.0, 3.0)),
        end_loudness_lufs=loudness + float(rng.normal(-4.0, 3.0)),
        startle_lu=float(rng.gamma(4.0, 2.0)),
        leading_silence_s=0.2,
        trailing_silence_s=1.5,
        longest_silence_s=0.0,
        longest_silence_start_s=0.0,
        tempo_bpm=float(rng.uniform(60.0, 160.0)),
        tempo_confidence=float(rng.random()),
        key=KEYS[int(rng.integers(24))],
        key_confidence=float(rng.random()),
        onset_rate_hz=2.0,
        spectral_centroid_hz=float(np.exp(rng.normal(np.log(2000.0), 0.3))),
        percussiveness=float(rng.random()),
        stroke_rate_hz=float(rng.gamma(1.0, 1.0)),
        pulse_clarity=float(rng.random()),
    )
    return Measurement(whole, steps.astype(np.float32))


def heard(rng: np.random.Generator) -> VoiceDetection:
    """Return what the detector says: mostly no voice, as in a library of instrumental music."""
    if rng.random() < 0.8:
        return VoiceDetection("none", float(rng.random()))
    spans = (VoiceSpan(10.0, 30.5, "sung", 0.9), VoiceSpan(60.0, 64.5, "sung", 0.6))
    return VoiceDetection("sung", float(rng.random()), spans)


def make_files(folder: Path, count: int) -> None:
    """Write files of a few bytes, an album to a folder."""
    for number in range(count):
        album = number // PER_ALBUM
        place = folder / f"Artist {album // ALBUMS_PER_ARTIST}" / f"Album {album}"
        if number % PER_ALBUM == 0:
            place.mkdir(parents=True)
        (place / f"{number % PER_ALBUM + 1:02} Track {number}.flac").write_bytes(b"tiny")


def make_rows(folder: Path, library: str) -> None:
    """Store a row for every file, as a scan would."""
    rng = np.random.default_rng(1)
    with Database(library) as database:
        for number, (path, stat) in enumerate(walk([os.fspath(folder)])):
            identity = rng.bytes(16).hex()
            database.store(File(path, stat, identity, tags(number, rng)), measured(rng))
            database.store_detection(identity, heard(rng))
            patches = rng.normal(size=(PATCHES, STYLE_SIZE)).astype(np.float32)
            starts_s = np.arange(PATCHES, dtype=np.float32) * 12.0
            database.store_embedding(identity, Embedding(patches, starts_s))
            if number % 1000 == 0:
                database.store_mark(identity, Mark(energy=0.5, note="as I hear it"))


def run(*command: str) -> tuple[float, float]:
    """Return the seconds until a process wrote its first line, and until it ended."""
    begin = time.perf_counter()
    # An installed package is compiled once and for all, whatever this environment says.
    compiled = {key: value for key, value in os.environ.items() if key != NEVER_COMPILED}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=compiled
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first = time.perf_counter() - begin
        process.stdout.read()
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    return first, time.perf_counter() - begin


def cpu_s(*command: str) -> float:
    """Return the CPU seconds of a process, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print one JSON line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TRACKS
    with tempfile.TemporaryDirectory() as temporary:
        music, library = Path(temporary) / "music", f"{temporary}/library.db"
        make_files(music, count)
        make_rows(music, library)
        size_mb = Path(library).stat().st_size / 1e6
        program = (sys.executable, "-m", "playlist_builder")
        named = ("--library", library)
        walks, scans, firsts, lists, builds, tables, queries = [], [], [], [], [], [], []
        for _ in range(REPEATS):
            walks.append(run(sys.executable, "-c", WALK, os.fspath(music))[1])
            scans.append(run(*program, "scan", os.fspath(music), *named)[1])
            first, whole = run(*program, "tracks", "--json", *named)
            firsts.append(first)
            lists.append(whole)
            tables.append(cpu_s(*program, "tracks", *named))
            queries.append(cpu_s(*program, "tracks", QUERY, *named))
            builds.append(run(*program, "build", "arc", "--duration", "60m", *named)[1])
        with Library.open(library) as opened:
            unchanged = opened.scan(music).unchanged
            begin = time.perf_counter()
            opened.tracks()
            load_s = time.perf_counter() - begin
    figures = {
        "benchmark": "library_scale",
        "tracks": count,
        "unchanged": unchanged,
        "walk_s": round(min(walks), 3),
        "scan_s": round(min(scans), 3),
        "walk_ratio": round(min(scans) / min(walks), 2),
        "tracks_first_line_s": round(min(firsts), 3),
        "tracks_s": round(min(lists), 3),
        "table_cpu_s": round(min(tables), 2),
        "query_cpu_s": round(min(queries), 2),
        "load_s": round(load_s, 3),
        "build_s": round(min(builds), 3),
        "library_mb": round(size_mb, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024.0),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
