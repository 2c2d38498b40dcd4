"""Convert the weights of musicnn to those that `networks.music` runs, and print one JSON line.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.convert_musicnn WHEEL WEIGHTS.npz [OLD.npz]

WHEEL is `pip download --no-deps musicnn==0.1.0` (ISC licence, see `music_weights.license.txt`). Its
TensorFlow checkpoint is read without TensorFlow. Batch norms are folded into gains and offsets, and
weights are stored in half precision. Filters lose their fastest cosines over time, and two thirds
of the first ones are left out, for they answer to all music alike. The axes of style are the
principal components of what the network makes of the excerpts of FOLDERS, no label is used;
`explained` is their share of the variance, null for those of OLD.

The centre of the package is what this finds. Its axes were found with tall filters that answer in
every frame (`TALL_EVERY` of 1): other axes require that all is fitted again that weighs style, so
that those of OLD, weights of the same filters, are kept where it is given.
"""

import io
import json
import struct
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playlist_builder.audio import decode
from playlist_builder.models import STYLE_SIZE, Floats32
from playlist_builder.networks import music
from tests.evaluation.excerpts import folder, rows

CHECKPOINT = "musicnn/MTT_musicnn/"
FOOTER_BYTES = 48  # of the table of a checkpoint, which is one of LevelDB
FLOAT = 1  # TensorFlow's number of the type
EPSILON = 1e-3  # of TensorFlow's batch norm
LEAST_SPREAD = 1e-3
FOLDERS = "energy", "vgmidi"  # music without voices
PARTS = "", "_bias", "_gain", "_offset"


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at a place, and the place after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, at


def entries(data: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of one block of the table."""
    block = data[start : start + size]
    end = len(block) - 4 - 4 * struct.unpack("<I", block[-4:])[0]
    at, key = 0, b""
    while at < end:
        shared, at = varint(block, at)
        own, at = varint(block, at)
        length, at = varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def message(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protocol buffer: numbers, and bytes where the length is stated."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
            yield tag >> 3, value
        elif tag & 7 == 2:
            length, at = varint(data, at)
            yield tag >> 3, data[at : at + length]
            at += length
        else:
            at += 4 if tag & 7 == 5 else 8


def tensors(index: bytes, data: bytes) -> dict[str, Floats32]:
    """The tensors of a checkpoint by name."""
    footer, at, numbers = index[-FOOTER_BYTES:], 0, []
    for _ in range(4):
        number, at = varint(footer, at)
        numbers.append(number)
    found = {}
    for _, handle in entries(index, *numbers[2:]):
        start, at = varint(handle, 0)
        for key, value in entries(index, start, varint(handle, at)[0]):
            entry = {1: 0, 2: b"", 4: 0, 5: 0, **dict(message(value))}
            if key and entry[1] == FLOAT:
                sizes = [dict(message(each)).get(1, 0) for n, each in message(entry[2]) if n == 2]
                flat = np.frombuffer(data, "<f4", entry[5] // 4, entry[4])
                found[key.decode()] = flat.reshape(sizes)
    return found


def converted(found: dict[str, Floats32]) -> dict[str, Floats32]:
    """The weights by the names and in the shapes of `networks.music`."""

    def norm(number: int) -> tuple[Floats32, Floats32]:
        own = f"batch_normalization_{number}/" if number else "batch_normalization/"
        gain = found[f"{own}gamma"] / np.sqrt(found[f"{own}moving_variance"] + EPSILON)
        return gain, found[f"{own}beta"] - found[f"{own}moving_mean"] * gain

    def layer(number: int) -> tuple[Floats32, ...]:
        own = f"conv2d_{number}/" if number else "conv2d/"
        return found[f"{own}kernel"][:, :, 0], found[f"{own}bias"], *norm(number + 1)

    result = {"input": np.concatenate(norm(0))}
    for name, number in (("tall", 0), ("taller", 1)):
        kernel, *others = layer(number)
        add(result, name, of_cosines(kernel, music.cosines(music.WIDTH)), others)
    parts = [layer(number) for number in (2, 3, 4)]
    long = []
    for kernel, *_ in parts:  # centred as TensorFlow pads: one frame more to the right
        first = music.LONG // 2 - len(kernel) // 2
        around = first, music.LONG - first - len(kernel)
        long.append(np.pad(kernel[:, 0], (around, (0, 0))))
    add(
        result,
        "long",
        np.hstack(long),
        [np.concatenate(each) for each in zip(*parts, strict=True)][1:],
    )
    for number in range(3):
        kernel, *others = layer(5 + number)
        add(result, f"middle{number}", kernel, others)
    return result


def of_cosines(kernel: Floats32, cosines: Floats32) -> Floats32:
    """Filters (WIDTH, bands, filters) as sums of cosines over time, (bands * cosines, filters)."""
    return np.einsum("tc,tbf->bcf", cosines, kernel).reshape(-1, kernel.shape[2])


def slower(weights: dict[str, Floats32]) -> dict[str, Floats32]:
    """The weights without the fastest cosines."""
    cut = {}
    for name in ("tall", "taller"):
        filters = weights[name].shape[1]
        by_cosine = weights[name].reshape(-1, music.WIDTH, filters)
        cut[name] = by_cosine[:, : music.COSINES].reshape(-1, filters)
    return weights | cut


def add(result: dict[str, Floats32], name: str, kernel: Floats32, others: list[Floats32]) -> None:
    """Put the weights of a layer under its names."""
    parts = dict(zip(("_bias", "_gain", "_offset"), others, strict=True))
    result.update({name: kernel, **{name + part: values for part, values in parts.items()}})


def axes(means: Floats32) -> tuple[Floats32, float]:
    """The axes of style of the pooled layers of all excerpts, and what they explain.

    Along the axes excerpts have a mean variance of 1, the first axis the largest.
    """
    spread = means.std(axis=0)
    spread[spread < LEAST_SPREAD] = np.inf  # a filter that never answers says nothing
    _, size, directions = np.linalg.svd((means - means.mean(axis=0)) / spread, full_matrices=False)
    scale = np.sqrt(np.mean(np.square(size[:STYLE_SIZE])) / len(means))
    directions = directions[:STYLE_SIZE].T / spread[:, None] / scale
    share = float(np.square(size[:STYLE_SIZE]).sum() / np.square(size).sum())
    return directions, share


def answering(means: Floats32) -> NDArray[np.bool_]:
    """Which filters of the front differ between excerpts, by the pooled layers of these."""
    last = means.shape[1] - 3 * music.MIDDLE_FILTERS
    return np.asarray(means[:, :last].std(axis=0) >= LEAST_SPREAD)


def without(
    weights: dict[str, Floats32], kept: NDArray[np.bool_], usual: Floats32
) -> dict[str, Floats32]:
    """The weights of these filters of the front alone; the others always say what is usual."""
    first, found = 0, dict(weights)
    for name in ("tall", "taller", "long"):
        own = kept[first : first + weights[name].shape[-1]]
        first += len(own)
        found |= {f"{name}{part}": weights[f"{name}{part}"][..., own] for part in PARTS}
    silent = np.einsum("tcf,c->f", weights["middle0"][:, ~kept], usual[~kept])
    found["middle0"] = weights["middle0"][:, kept]
    found["middle0_bias"] = weights["middle0_bias"] + silent
    return found


def pooled(path: str, model: music.Model) -> Floats32:
    """The pooled layers of the patches of an excerpt; empty where it is silent."""
    patches = heard_patches(path)
    return music.pooled(model, music.log_mel(model, patches)) if len(patches) else patches


def heard_patches(path: str) -> Floats32:
    """The patches that are heard of a file, at the common level."""
    with decode.AudioFile(path) as recording:
        listener = music.MusicListener(recording.layout.sample_rate_hz)
        for block in recording.blocks():
            listener.push(block.mean(axis=0))
    return listener.patches()[0]


def halved(weights: dict[str, Floats32]) -> dict[str, Floats32]:
    """Weights as they are once stored in half precision."""
    return {name: values.astype(np.float16).astype(np.float32) for name, values in weights.items()}


def main() -> None:
    """Read the wheel, convert, find the axes, write the file."""
    data = folder()
    wheel, out, *old = sys.argv[1:]
    with zipfile.ZipFile(wheel) as archive:
        index = archive.read(f"{CHECKPOINT}.index")
        found = converted(tensors(index, archive.read(f"{CHECKPOINT}.data-00000-of-00001")))
    weights = slower(found)
    model = music.Model(halved(weights), music.mel_bank())
    paths = [
        str(data / name / row["file"])
        for name in FOLDERS
        for row in rows(data / name / "labels.csv")
    ]
    with ProcessPoolExecutor() as pool:
        heard = [*filter(len, pool.map(partial(pooled, model=model), paths, chunksize=16))]
    means = np.stack([each.mean(axis=0) for each in heard])
    directions, share = axes(means)
    centre, front = means.mean(axis=0), answering(means)
    kept = np.concatenate((front, np.ones(len(centre) - len(front), bool)))
    weights = without(weights, front, centre[: len(front)])
    directions = directions[kept]
    if old:
        found = np.load(*old)["axes"]
        if len(found) != len(directions):
            sys.exit(f"{old[0]}: the axes of {len(found)} filters, not of {len(directions)}.")
        directions = found
    half = {name: values.astype(np.float16) for name, values in weights.items()}
    half["middle0_bias"] = weights["middle0_bias"].astype(np.float32)  # a sum over many filters
    half |= {"centre": centre[kept].astype(np.float32), "axes": directions.astype(np.float16)}
    content = io.BytesIO()
    np.savez(content, **half)  # to read it takes half as long as what is compressed
    Path(out).write_bytes(content.getvalue())
    report = {"evaluation": "convert_musicnn", "weights": sum(v.size for v in half.values())}
    report |= {"bytes": len(content.getvalue()), "explained": None if old else round(share, 4)}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
