"""Tracks with a known voice, made from sounds of one fold of the sources, and whole files.

Levels are of the voice where it is heard, relative to the whole piece of music below it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.networks.resampler import RATE
from tests.evaluation.voice_data import FOLDS, Sound, level, root_mean_square
from tests.evaluation.voice_made import drone, held, rain, whisper

TRACK_S = 300
BED_S = 100  # shortest piece that is a bed; it is repeated
PASSAGE_DB = 0, -6, -12, -18
NINE_DB = 0, -12
SPARSE_DB = 0, -6
GROUNDS = "silence", "rain", "drone", "music"
QUIET = 10 ** (-24 / 20)  # root mean square of what is made here


Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Case:
    """A track to be judged. `truth` is voice, none, people or wordless.

    `samples` makes it, and tells the seconds of its voice where they are known.
    """

    group: str
    name: str
    fold: int
    truth: str
    samples: Callable[[], tuple[np.ndarray, Spans]]
    corpus: str = ""


def whole(sounds: Sequence[Sound]) -> Iterator[Case]:
    """Whole files."""
    truths = {"song": "voice", "sung": "voice", "speech": "voice", "people": "people"}
    for sound in sounds:
        made = sound.name.endswith(".voice") or sound.source.startswith("speaker")
        if made or sound.kind == "unsure":
            continue
        truth = truths.get(sound.kind, "none")
        group = "hard" if sound.kind in ("hard", "solo") else "whole"
        if sound.source.startswith(("emotify", "game", "immich", "invertika", "supertux", "unk")):
            group = "library"  # labelled by what it is used for, not by ears
        yield Case(
            group,
            sound.name,
            sound.fold,
            truth,
            lambda s=sound: (np.asarray(s.samples, np.float32), ()),
            corpus=sound.kind + ":" + sound.source.split(":")[0],
        )


def made(sounds: Sequence[Sound], count: int, seed: int = 7) -> Iterator[Case]:
    """Passages, nine phrases, sparse phrases, a lone word and drones, `count` of each and level."""
    for fold in range(FOLDS):
        own = [s for s in sounds if s.fold == fold]
        games = [s for s in own if s.kind == "music" and len(s.samples) >= BED_S * RATE]
        voices = _voices(own)
        rng = np.random.default_rng([seed, fold])
        for number in range(count // FOLDS):
            piece = games[rng.integers(len(games))]
            key = int(rng.integers(1 << 30))
            for db in PASSAGE_DB:
                yield _case(f"passage {db}", piece, voices, db, key, _passage)
            for db in NINE_DB:
                yield _case(f"nine {db}", piece, voices, db, key, _nine)
            ground = GROUNDS[number % len(GROUNDS)]
            for db in SPARSE_DB:
                yield _case(f"sparse {ground} {db}", piece, voices, db, key, _sparse)
            yield _case(f"whisper {ground} -6", piece, voices, -6, key, _whispered)
            yield _case(f"word {ground} 0", piece, voices, 0, key, _word)
            yield _case(f"chant {ground} 0", piece, voices, 0, key, _chant)


def tones(count: int, seed: int = 11) -> Iterator[Case]:
    """Pads and bowls of pure partials, that no one sings; not those that are learnt from."""
    for number in range(count):
        kind = ("swelling", "chord", "bowl", "beating")[number % 4]
        key, fold = [seed, number], number // 4 % FOLDS
        yield Case("tones", f"{kind} {number}", fold, "none", lambda k=kind, key=key: (
            _tones(k, np.random.default_rng(key)) * np.float32(QUIET), ()))  # fmt: skip


def _tones(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Three minutes of partials that swell, a chord of them, struck bowls or beating sines."""
    time = np.arange(180 * RATE) / RATE
    x = np.zeros(len(time))
    base = rng.uniform(110, 330)
    steps = rng.choice([0, 3, 4, 5, 7, 10, 12, 15, 16, 19], 4, replace=False)
    for number in range(4):
        hertz = base * (number + 1 if kind == "swelling" else 2 ** (steps[number] / 12))
        swell = 1 + 0.9 * np.sin(2 * np.pi * (rng.uniform(0.03, 0.3) * time + rng.random()))
        if kind == "bowl":
            hertz = base * (1.0, 2.78, 5.18, 8.16)[number]
            swell = np.exp(-(time % rng.uniform(8, 9)) / rng.uniform(1, 8))
        x += swell / (number + 1) * np.sin(2 * np.pi * (hertz * time + rng.random()))
        if kind in ("bowl", "beating"):
            beat = hertz + rng.uniform(0.3, 4)
            x += swell / (number + 1) * np.sin(2 * np.pi * (beat * time + rng.random()))
    return (x / x.std()).astype(np.float32)


def _voices(own: list[Sound]) -> dict[str, list[Sound]]:
    """Voices by kind, every source once as likely as another."""
    return {
        kind: [s for s in own if s.kind == kind and len(s.samples) > 8 * RATE]
        for kind in ("sung", "speech", "song")
    }


def _case(group, piece, voices, db, key, make) -> Case:
    rng = np.random.default_rng(key)
    ground_kind = group.split()[1] if group.split()[1] in GROUNDS else "music"
    bed_of = _bed(piece, ground_kind, key)
    plan = make(rng, voices)

    def samples() -> tuple[np.ndarray, Spans]:
        (bed, loud), parts = bed_of(), plan()
        for at, sound in parts:
            n = min(len(sound), len(bed) - at)
            bed[at : at + n] += sound[:n] * np.float32(loud / level(sound) * 10 ** (db / 20))
        return bed, tuple((at / RATE, (at + len(sound)) / RATE) for at, sound in parts)

    truth = "wordless" if group.startswith("chant") else "voice"
    return Case(group, f"{piece.name} {key}", piece.fold, truth, samples)


def _bed(piece: Sound, ground: str, key: int) -> Callable[[], tuple[np.ndarray, float]]:
    """What lies below, and the level to which the voice refers."""

    def make() -> tuple[np.ndarray, float]:
        rng = np.random.default_rng([key, 1])
        n = TRACK_S * RATE
        if ground == "music":
            x = np.resize(np.asarray(piece.samples[:n], np.float32), n)
            return x, root_mean_square(x[::7])
        n = 240 * RATE
        if ground == "silence":
            return np.zeros(n, np.float32), QUIET
        bed = rain(n, rng) if ground == "rain" else drone(n, rng)
        return bed * np.float32(QUIET), QUIET

    return make


def _pick(rng: np.random.Generator, voices: dict[str, list[Sound]], kinds: Sequence[str]) -> Sound:
    """A voice; sources are as likely as each other."""
    kind = kinds[rng.integers(len(kinds))]
    some = voices[kind]
    sources = sorted({s.source for s in some})
    source = sources[rng.integers(len(sources))]
    some = [s for s in some if s.source == source]
    return some[rng.integers(len(some))]


def cut(rng: np.random.Generator, sound: Sound, seconds: float) -> np.ndarray:
    """A stretch of a voice that is heard for most of it."""
    n, samples = int(seconds * RATE), sound.samples
    best = None
    for _ in range(12):
        start = int(rng.integers(0, max(1, len(samples) - n + 1)))
        part = np.array(samples[start : start + n], np.float32)
        tenth = np.sqrt((part[: len(part) // 1600 * 1600].reshape(-1, 1600) ** 2).mean(1))
        usual = level(np.asarray(samples[: 60 * RATE], np.float32))
        heard = float((tenth > 0.25 * usual).mean())
        if best is None or heard > best[0]:
            best = heard, part
        if heard > 0.6:
            break
    edge = min(400, len(best[1]) // 4)
    best[1][:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
    best[1][-edge:] *= np.linspace(1, 0, edge, dtype=np.float32)
    return best[1]


def _passage(rng, voices):
    sound = _pick(rng, voices, ("sung", "sung", "speech"))
    at, seed = int(rng.integers(20, TRACK_S - 90)), int(rng.integers(1 << 30))
    return lambda: [(at * RATE, cut(np.random.default_rng(seed), sound, 20))]


def _phrases(rng, voices, kinds, times, lengths, change=None):
    sound = _pick(rng, voices, kinds)
    seed = int(rng.integers(1 << 30))

    def plan():
        own = np.random.default_rng(seed)
        found = []
        for at, length in zip(times, lengths, strict=True):
            part = cut(own, sound, length)
            found.append((int(at * RATE), change(own, part) if change else part))
        return found

    return plan


def _nine(rng, voices):
    times = 12 + 30 * np.arange(9) + rng.uniform(-4, 4, 9)
    return _phrases(rng, voices, ("sung", "speech", "speech"), times[:8], [3] * 8)


def _sparse_times(rng):
    times, at = [], rng.uniform(1, 6)
    while at < 234:
        times.append(at)
        at += rng.uniform(4, 8)
    return times, rng.uniform(0.5, 2.2, len(times))


def _sparse(rng, voices):
    return _phrases(rng, voices, ("speech",), *_sparse_times(rng))


def _whispered(rng, voices):
    return _phrases(rng, voices, ("speech",), *_sparse_times(rng), change=whisper)


def _word(rng, voices):
    return _phrases(rng, voices, ("speech",), [rng.uniform(30, 200)], [rng.uniform(0.4, 0.9)])


def _chant(rng, voices):
    times = np.arange(4, 220, 18.0)
    return _phrases(rng, voices, ("sung",), times, [1.0] * len(times), change=held)
