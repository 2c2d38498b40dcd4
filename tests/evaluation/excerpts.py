"""The rated excerpts of the evaluation data, each measured exactly as a scan does.

`PLAYLIST_BUILDER_EVAL` names the folder that holds energy/, vgmidi/ and their labels.
"""

import csv
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import features
from playlist_builder.analysis.features import FEATURES_VERSION
from playlist_builder.audio import decode
from playlist_builder.models import Embedding, Floats32
from playlist_builder.networks import music
from playlist_builder.networks.music import EMBEDDING_VERSION

EMOTIONS = (
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness"),
    *("power", "joyful_activation", "tension", "sadness"),
)


@dataclass(frozen=True, eq=False)
class Measured:
    """What a scan keeps of the samples of an excerpt: steps, embedding and loudness."""

    steps: NDArray[np.float64]
    embedding: Embedding
    loudness_lufs: float


@dataclass(frozen=True, eq=False)
class Excerpt:
    """One excerpt. `rating` is NaN where only `high` (1, 0, or -1 for neither) is known.

    `emotions` are the shares of listeners who reported each of EMOTIONS, empty where not asked.
    """

    path: str
    corpus: str
    genre: str
    rating: float
    high: int
    is_strong: bool
    emotions: tuple[float, ...] = ()


def folder() -> Path:
    """The folder of the evaluation data; ends the program with one line where it is not set."""
    found = os.environ.get("PLAYLIST_BUILDER_EVAL")
    if not found:
        sys.exit("PLAYLIST_BUILDER_EVAL is not set: give the folder that holds energy/labels.csv.")
    return Path(found)


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table with a head."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def excerpts(data: Path) -> list[Excerpt]:
    """All excerpts with a rating or a label of use."""
    emotions = {row["file"]: row for row in rows(data / "energy" / "emotions.csv")}
    found = []
    for row in rows(data / "energy" / "labels.csv"):
        shares = emotions.get(row["file"])
        found.append(
            Excerpt(
                str(data / "energy" / row["file"]),
                row["corpus"],
                row["genre_or_note"] if row["score"] else row["corpus"],
                float(row["score"] or "nan"),
                -1 if row["score"] else {"high": 1, "low": 0}[row["energy"]],
                row["label_kind"] == "use-strong",
                tuple(float(shares[name]) for name in EMOTIONS) if shares else (),
            )
        )
    for row in rows(data / "vgmidi" / "labels.csv"):
        path = str(data / "vgmidi" / row["file"])
        found.append(Excerpt(path, "vgmidi", "vgmidi", float(row["arousal"]), -1, is_strong=True))
    return found


def samples(path: str) -> tuple[Floats32, int]:
    """All samples of a file, shape (channels, n), and their rate."""
    with decode.AudioFile(path) as recording:
        return np.concatenate(list(recording.blocks()), axis=1), recording.layout.sample_rate_hz


def measured(blocks: Floats32, rate_hz: int) -> Measured:
    """What a scan would keep of samples (channels, n), rounded as the library does."""
    channels = ("FC",) if len(blocks) == 1 else ("FL", "FR")
    parts = np.array_split(blocks, max(1, blocks.shape[1] // rate_hz), axis=1)
    found = features.measure(iter(parts), sample_rate_hz=rate_hz, channels=channels)
    listener = music.MusicListener(rate_hz)
    for part in parts:
        listener.push(part.mean(axis=0))
    embedding = music.embed(music.model(), listener)
    kept = Embedding(embedding.patches.astype(np.float16), embedding.starts_s)
    steps = found.steps.astype(np.float16).astype(np.float64)
    return Measured(steps, kept, found.features.loudness_lufs)


def measured_file(path: str) -> Measured:
    """What a scan would keep of a file."""
    return measured(*samples(path))


def cached(cache: str | None, name: str, work: Callable[..., object], items: Sequence) -> list:
    """What `work` makes of each item, on all cores; kept in a folder between runs if one is given.

    What another version of the analysis has left there is not used.
    """
    file = Path(cache, f"{name}-{FEATURES_VERSION}-{EMBEDDING_VERSION}.pickle") if cache else None
    if file and file.exists():
        return pickle.loads(file.read_bytes())  # noqa: S301 - our own
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(work, items, chunksize=4))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(found))
    return found


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks from 1, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - (counts - 1) / 2.0)[inverse]).astype(np.float64)


def spearman(left: NDArray[np.floating], right: NDArray[np.floating]) -> float:
    """Rank correlation."""
    return float(np.corrcoef(ranks(left), ranks(right))[0, 1])


def within(
    score: NDArray[np.floating], rating: NDArray[np.floating], genre: NDArray[np.str_]
) -> float:
    """Mean over genres of the rank correlation within each."""
    return float(
        np.mean([spearman(score[genre == g], rating[genre == g]) for g in np.unique(genre)])
    )


def auc(score: NDArray[np.floating], high: NDArray[np.bool_]) -> float:
    """Share of (low, high) pairs that the score orders."""
    n_high = int(high.sum())
    below = ranks(score)[high].sum() - n_high * (n_high + 1) / 2
    return float(below / (n_high * (len(score) - n_high)))


def interval(values: Iterable[float]) -> list[float]:
    """The range that holds 95 % of bootstrap values."""
    return np.percentile(list(values), [2.5, 97.5]).round(3).tolist()
