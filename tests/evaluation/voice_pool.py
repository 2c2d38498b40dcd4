"""The sounds that voices are learnt from, as `pack_voices.py` packs them, and what is made of them.

Of speech are made whispers, songs and held vowels; of singing, chants in unison; from a seed, tones
and rain.
"""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from playlist_builder.networks.resampler import RATE
from tests.evaluation import voice_made as made

LEARNT_ONLY = -1  # as fold of a source
START = "start.npz"  # the weights from which a fit starts, which tell where a song is sung
CHANTS, SONGS, VOWELS = 6, 2, 2  # made of each voice, of each half minute of speech
TONES, RAINS, MADE_S = 1200, 150, 10


@dataclass(frozen=True)
class Piece:
    """A sound; `loud` is the root mean square of the whole that it is a part of."""

    kind: str
    source: str
    fold: int
    samples: np.ndarray  # int16
    loud: float
    sung: tuple[int, ...] = ()  # of a song: seconds that are surely sung


def as_int16(x: np.ndarray, level: float = 0.05) -> np.ndarray:
    """Samples with this root mean square, or less where they would clip."""
    gain = min(level / (x.std() + 1e-9), 0.99 / (np.abs(x).max() + 1e-9))
    return (x * gain * 32767).astype(np.int16)


def unpacked(folder: Path, shard: str) -> list[Piece]:
    """The pieces of a file, and what is made of its voices."""
    sound, rate = soundfile.read(folder / shard, dtype="int16")
    assert rate == RATE
    found = []
    for fact in json.loads((folder / "index.json").read_text()):
        if fact["shard"] != shard:
            continue
        samples = sound[fact["start"] : fact["start"] + fact["n"]]
        if len(samples) < 2 * RATE:
            continue
        piece = Piece(
            *(fact[key] for key in ("kind", "source", "fold")),
            samples, fact["loud"], tuple(fact.get("sung", ())),
        )  # fmt: skip
        found += [piece, *_made_of(piece, fact["start"])]
    return found


def _made_of(piece: Piece, seed: int) -> list[Piece]:
    rng = np.random.default_rng(seed)
    sound = piece.samples.astype(np.float32) / 32768
    out = []

    def keep(kind: str, x: np.ndarray) -> None:
        samples = as_int16(x)
        loud = float((samples.astype(np.float64) ** 2).mean() ** 0.5 / 32768)
        out.append(Piece(kind, piece.source, piece.fold, samples, loud))

    if piece.kind == "speech":
        keep("whisper", made.whisper(rng, sound[: 120 * RATE]))
        for start in range(0, len(sound) - 8 * RATE, 30 * RATE):
            part = sound[start : start + 8 * RATE]
            for kind, count in (("melody", SONGS), ("vowels", VOWELS)):
                for _ in range(count):
                    keep(kind, made.sung(rng, part, vowels=kind == "vowels"))
    if piece.kind == "sung":
        for _ in range(CHANTS):
            start = int(rng.integers(0, max(1, len(sound) - 2 * RATE)))
            keep("held", made.held(rng, sound[start : start + 2 * RATE], 9.0))
    return out


def made_up(seed: int) -> Piece:
    """A tone or rain."""
    rng = np.random.default_rng([seed, 5])
    kind = "rain" if seed < RAINS else "tones"
    x = made.rain(MADE_S * RATE, rng) if kind == "rain" else made.tone(rng, MADE_S)
    return Piece(kind, f"{kind}:{seed}", LEARNT_ONLY, as_int16(x), 0.05)


def gather(folder: Path, workers: int, tones: int = TONES) -> list[Piece]:
    """All pieces, made by so many processes."""
    shards = sorted(path.name for path in folder.glob("*.opus"))
    with ProcessPoolExecutor(workers) as pool:
        packed = pool.map(unpacked, [folder] * len(shards), shards)
        rest = pool.map(made_up, range(tones), chunksize=20)
        return [piece for some in packed for piece in some] + list(rest)
