"""Short sounds written as files: music that gets busier from piece to piece, and plain noise."""

import os
from pathlib import Path

import numpy as np

from playlist_builder.audio import encode

RATE_HZ = 8000


def write_pieces(folder: Path, lengths_s: list[float], *, artists: int = 1000) -> None:
    """Write a piece of each length, every one busier than the one before."""
    rng = np.random.default_rng(0)
    for number, length_s in enumerate(lengths_s):
        time_s = np.arange(int(length_s * RATE_HZ)) / RATE_HZ
        beat = np.exp(-8 * (time_s * (0.5 + number / 8) % 1))
        noise = rng.standard_normal(len(time_s)) * number / 300
        tone = 0.2 * np.sin(2 * np.pi * (110 + 20 * number) * time_s)
        samples = ((tone + noise) * beat).astype(np.float32)[None]
        tags = {"title": f"Piece {number}", "artist": f"Player {number % artists}"}
        encode.write_flac(f"{folder}/{number:02}.flac", samples, RATE_HZ, tags)


def write_noise(path: os.PathLike[str] | str, number: int, seconds: float = 4) -> None:
    """Write noise that only this number has."""
    rng = np.random.default_rng(number)
    samples = 0.1 * rng.standard_normal((1, int(seconds * RATE_HZ))).astype(np.float32)
    tags = {"title": f"Piece {number}", "artist": f"Player {number % 5}"}
    encode.write_flac(os.fspath(path), samples, RATE_HZ, tags)
