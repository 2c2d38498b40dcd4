"""Change real music in ways whose effect on energy is known, and print one JSON line.

    python -m tests.evaluation.metamorphic FOLDER [--tracks 40] [--kits FOLDER] [--noises FOLDER]

Half a minute of each of up to 40 tracks of FOLDER (real music that nothing was fitted to, spread
over their names) is scored as it is and changed: with a beat at -12, -6 and 0 dB, which must raise
the energy, the louder the more; 1.25 times as fast, which must not lower it; with rain, hiss or
room noise at -20 dB, which must move it by little. Beats are played with the sounds of `--kits`,
folders of drum sounds such as Debian's hydrogen-drumkits, and noises are recordings in `--noises`;
both are made where no folder is given. `notes` renders the same notes twice, the second time
slower, softer and sparser, which must score lower. `vibenet` is VibeNet's energy under the same
changes where that package is installed.
"""

import argparse
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from playlist_builder.analysis import energy
from playlist_builder.errors import AudioError
from playlist_builder.library.scan.walk import AUDIO_SUFFIXES
from playlist_builder.models import Floats32
from tests.evaluation import excerpts, mixtures
from tests.evaluation.mixtures import RATE

START_S, LENGTH_S = 30, 30
LEVELS_DB = -12.0, -6.0, 0.0
NOISE_DB = -20.0
LEAST_BYTES = 600_000  # of a file: effects and jingles are no music
UNCHANGED = 0.005  # less is no change
KINDS = {  # of sounds in kits, by their file names
    "kick": r"kick|bd|bass",
    "snare": r"snare|sd|sn",
    "hat": r"hat|hh|closed",
    "open": r"open|ride",
    "shaker": r"shak|tamb|maraca|cabasa|hat|hh",
    "tom": r"tom|conga|bongo|djembe",
    "clap": r"clap|snare",
    "rim": r"rim|stick|side|clave|snare",
}


def clip(path: Path) -> Floats32:
    """Half a minute of a file at RATE and a common level, shape (channels, n)."""
    blocks, rate = excerpts.samples(str(path))
    if rate != RATE:
        at = np.arange(int(blocks.shape[1] * RATE / rate)) * rate / RATE
        blocks = np.stack([np.interp(at, np.arange(len(c)), c) for c in blocks]).astype(np.float32)
    start = min(START_S * RATE, max(0, blocks.shape[1] - LENGTH_S * RATE))
    blocks = blocks[:, start : start + LENGTH_S * RATE]
    return blocks * np.float32(0.1 / max(1e-6, float(np.sqrt(np.mean(np.square(blocks))))))


def kit(folder: Path | None, seed: int) -> dict[str, Floats32]:
    """Sounds by kind from one of the kits in a folder; none without a folder."""
    if folder is None:
        return {}
    drawn = np.random.default_rng(seed)
    folders = sorted(each for each in folder.rglob("*") if each.is_dir())
    while True:
        own = folders[drawn.integers(len(folders))]
        files = sorted(each for each in own.iterdir() if each.suffix in (".wav", ".flac"))
        sounds = {}
        for kind, pattern in KINDS.items():
            named = [each for each in files if re.search(pattern, each.name.lower())]
            if named:
                sound = clip_of_hit(named[drawn.integers(len(named))])
                if sound is not None:
                    sounds[kind] = sound
        if len(sounds) == len(KINDS):
            return sounds


def clip_of_hit(path: Path) -> Floats32 | None:
    """One sound of a kit, mono, its peak 1.0; None where the file holds none."""
    try:
        blocks, _ = excerpts.samples(str(path))
    except AudioError:
        return None
    mono = blocks.mean(axis=0)[: int(0.7 * RATE)]
    peak = float(np.abs(mono).max(initial=0.0))
    return mono / np.float32(peak) if peak > 0.0 else None


def score(blocks: Floats32) -> tuple[float, float]:
    """Energy with the embedding, and without."""
    found = excerpts.measured(blocks, RATE)
    whole, coarse = energy.contours([found.steps] * 2, [found.embedding, None])
    return float(whole.mean()), float(coarse.mean())


def vibenet_score(blocks: Floats32) -> tuple[float]:
    """Energy by VibeNet."""
    import vibenet  # noqa: PLC0415 - not everybody has it

    (judged,) = vibenet.load_model().predict(blocks.mean(axis=0), sr=RATE)
    return (float(judged.energy),)


def changes(
    job: tuple[str, int], kits: Path | None, noises: Path | None, scorer: Callable
) -> list[tuple[float, ...]]:
    """The scores of a track as it is, with a beat at each level, faster, and with noise.

    There are none for a file that is no music.
    """
    path, seed = job
    try:
        blocks = clip(Path(path))
    except AudioError:
        return []
    n = blocks.shape[1]
    _, beat = mixtures.beat(n, seed, kit(kits, seed))
    if noises is None:
        noise = mixtures.noise(("rain", "hiss", "room")[seed % 3], n, seed)
    else:
        files = sorted(noises.iterdir())
        noise = np.resize(clip(files[seed % len(files)]).mean(axis=0), n)
    versions = [
        blocks,
        *(mixtures.mixed(blocks, beat, level_db) for level_db in LEVELS_DB),
        mixtures.faster(blocks),
        mixtures.mixed(blocks, noise, NOISE_DB),
    ]
    return [scorer(each) for each in versions]


def notes(seed: int, *, lively: bool) -> Floats32:
    """Broken chords of plucked tones; the calm version is slower, softer and leaves out half."""
    drawn = np.random.default_rng(seed)
    step_s = 0.2 if lively else 0.45
    found = np.zeros(LENGTH_S * RATE + 3 * RATE)
    time = np.arange(2 * RATE) / RATE
    root = drawn.choice([110.0, 123.5, 146.8, 164.8])
    for number in range(int(LENGTH_S / step_s)):
        interval = drawn.choice([0, 3, 5, 7, 10, 12, 15])
        if not lively and number % 2:
            continue
        hertz = root * 2.0 ** (interval / 12.0)
        partials = range(1, 9 if lively else 4)
        fall = 0.4 if lively else 1.2
        tone = sum(
            np.sin(2 * np.pi * hertz * k * time) / k ** (1 if lively else 2) for k in partials
        )
        attack = np.minimum(time / (0.002 if lively else 0.05), 1.0)
        at = int(number * step_s * RATE)
        found[at : at + len(time)] += tone * attack * np.exp(-time / fall)
    found = found[: LENGTH_S * RATE]
    level = 0.1 if lively else 0.03
    return (found * level / found.std()).astype(np.float32)[None]


def summary(found: Sequence[Sequence[tuple[float, ...]]], column: int) -> dict[str, object]:
    """What the changes did to one score."""
    values = np.array([[version[column] for version in each] for each in found if each])
    moved = values[:, 1:] - values[:, :1]
    rises = {
        f"beat_{level:+g}_db": round(float((moved[:, place] > 0.0).mean()), 3)
        for place, level in enumerate(LEVELS_DB)
    }
    steady = np.diff(np.column_stack([np.zeros(len(moved)), moved[:, :3]])) > 0.0
    noise = np.abs(moved[:, 4])
    return {
        **rises,
        "louder_is_more": round(float(steady.all(axis=1).mean()), 3),
        "median_rise": np.median(moved[:, :3], axis=0).round(3).tolist(),
        "worst_rise": moved[:, :3].min(axis=0).round(3).tolist(),
        "faster_not_lower": round(float((moved[:, 3] > -UNCHANGED).mean()), 3),
        "faster_worst": round(float(moved[:, 3].min()), 3),
        "noise_mean": round(float(noise.mean()), 3),
        "noise_95": round(float(np.percentile(noise, 95)), 3),
        "noise_worst": round(float(noise.max()), 3),
    }


def main() -> None:
    """Draw tracks, change and score them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tracks", type=int, default=40)
    parser.add_argument("--kits", type=Path)
    parser.add_argument("--noises", type=Path)
    options = parser.parse_args()
    files = sorted(
        str(each) for each in options.folder.rglob("*") if each.suffix.lower() in AUDIO_SUFFIXES
    )
    files = [each for each in files if Path(each).stat().st_size > 600_000]
    jobs = [
        (path, seed) for seed, path in enumerate(files[:: max(1, len(files) // options.tracks)])
    ]
    jobs = jobs[: options.tracks]
    report: dict[str, object] = {"evaluation": "metamorphic", "tracks": len(jobs)}
    with ProcessPoolExecutor() as pool:
        work = partial(changes, kits=options.kits, noises=options.noises, scorer=score)
        found = list(pool.map(work, jobs))
        report |= {"energy": summary(found, 0), "features_alone": summary(found, 1)}
        if importlib.util.find_spec("vibenet"):
            work = partial(changes, kits=options.kits, noises=options.noises, scorer=vibenet_score)
            report["vibenet"] = summary(list(pool.map(work, jobs)), 0)
    pairs = [
        [score(notes(seed, lively=lively))[0] for lively in (True, False)] for seed in range(10)
    ]
    report["notes_calmer"] = sum(calm < lively for lively, calm in pairs) / len(pairs)
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
