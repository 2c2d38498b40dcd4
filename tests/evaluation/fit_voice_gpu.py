"""Fits the network that hears voices, on voices mixed into instrumental music, on a GPU.

    python -m tests.evaluation.fit_voice_gpu --pack FOLDER --out FOLDER --fits 0 1 2 3 all \\
        --seconds 200 --mean voice_weights.npz

`--pack` is the folder of `pack_voices.py`. Each fit leaves out one fold of the sources (0 to 3),
for `evaluate_voice.py`, or none (all), and writes `fold0.npz` to `fold3.npz` or `all.npz`: the
running mean of the weights, folded from frames of 20 ms to those of 40 ms, and then the mean of
these and of `--mean`, which are those of `fit_voice.py` and have a share of a quarter. Needs
PyTorch and the wheel `soundfile`. The shipped weights are those of `all`, after 122 s on an H100
(2,080 steps, 740 hours of mixes); the folds took 112 s each on an H200. How that does on sources
that it has not met is told by the folds alone: to `--mean` belong weights of `fit_voice.py` with
the same `--hold-out`.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.evaluation import voice_mixer as mx
from tests.evaluation import voice_pool
from tests.evaluation import voice_teacher as vm
from tests.evaluation.voice_pool import Piece
from tests.evaluation.voice_start import REACH, folded, mean_of, save

BATCH, FASTEST, WARM_UP, KEPT = 160, 1.2e-3, 100, 0.998
BLOCK = 40  # frames per product with a banded matrix
TAPS, SPAN = 2 * REACH + 1, BLOCK + 2 * REACH
DROPPED = 0.1  # share of a hidden layer that is left out at random
OTHERS = 0.25  # share of the weights of `--mean`
SHARES = (1.0, 0.2, 0.3, 0.3)  # of voice, spoken, wordless, people


class Network(nn.Module):
    """The network of `networks/voice.py` on frames of 20 ms: power in bands to logits of cells."""

    def __init__(self, start: dict[str, np.ndarray]) -> None:
        super().__init__()
        places = torch.zeros(TAPS, SPAN, BLOCK)
        for tap in range(TAPS):
            places[tap, torch.arange(BLOCK) + tap, torch.arange(BLOCK)] = 1
        self.register_buffer("places", places)
        fixed = ("mean", "scale")
        for name in fixed:
            self.register_buffer(name, torch.from_numpy(np.array(start[name], np.float32)))
        weights = {k: np.array(v, np.float32) for k, v in start.items() if k not in fixed}
        self.weights = nn.ParameterDict(
            {k: nn.Parameter(torch.from_numpy(np.array(v))) for k, v in weights.items()}
        )

    def forward(self, power: torch.Tensor) -> torch.Tensor:
        """Power (n, frames, bands) of whole cells to logits (n, cells, 4)."""
        w = self.weights
        x = (torch.log(power.clamp(min=2**-23)) - self.mean) * self.scale
        n, frames, _ = x.shape
        for layer in range(vm.LAYERS):
            y = functional.relu(functional.linear(x, w[f"up{layer}"], w[f"up_bias{layer}"]))
            y = functional.dropout(y, DROPPED, self.training)
            y = functional.linear(y, w[f"down{layer}"], w["down_bias0"] if layer == 0 else None)
            if layer == 0:
                x = self.remember(functional.relu(y), w["taps0"])
            else:
                x = x + self.remember(y, w[f"taps{layer}"])
        y = functional.relu(functional.linear(x, w["last"], w["last_bias"]))
        y = y.reshape(n, frames // mx.CELL, mx.CELL, -1).mean(2)
        return functional.linear(y, w["outputs"], w["output_bias"])

    def remember(self, x: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
        """Each channel's filter as a product with a banded matrix, as in `networks/voice.py`."""
        n, frames, channels = x.shape
        band = torch.einsum("cj,jab->cab", taps, self.places)
        blocks = -(-frames // BLOCK)
        padded = functional.pad(x, (0, 0, REACH, REACH + blocks * BLOCK - frames))
        windows = padded.unfold(1, SPAN, BLOCK).permute(2, 0, 1, 3).reshape(channels, -1, SPAN)
        y = torch.bmm(windows, band).reshape(channels, n, blocks * BLOCK)[:, :, :frames]
        return y.permute(1, 2, 0)

    def numbers(self) -> dict[str, np.ndarray]:
        out = {k: v.detach().cpu().numpy().copy() for k, v in self.weights.items()}
        return out | {name: getattr(self, name).cpu().numpy() for name in ("mean", "scale")}


def loss(out: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    known, wanted = (label >= 0).float(), label.clamp(0, 1) * 0.97 + 0.015
    each = (known * (functional.softplus(out) - wanted * out)).sum((0, 1))
    return (each / (known.sum((0, 1)) + 1) * torch.tensor(SHARES, device=out.device)).sum()


class Fit:
    """A network with Adam and the running mean of its weights."""

    def __init__(self, network: Network) -> None:
        self.network, self.losses = network, []
        self.mean = [p.detach().clone() for p in network.parameters()]
        self.adam = torch.optim.AdamW(network.parameters(), lr=FASTEST, weight_decay=0.01)

    def step(self, power: torch.Tensor, label: torch.Tensor, rate: float, i: int) -> None:
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.zero_grad(set_to_none=True)
        value = loss(self.network(power), label)
        value.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam.step()
        kept = min(KEPT, i / (i + 10))
        with torch.no_grad():
            torch._foreach_mul_(self.mean, kept)
            now = [p.detach() for p in self.network.parameters()]
            torch._foreach_add_(self.mean, now, alpha=1 - kept)
        self.losses.append(value.detach())

    def finish(self) -> None:
        with torch.no_grad():
            for p, mean in zip(self.network.parameters(), self.mean, strict=True):
                p.copy_(mean)
        self.network.eval()


def run(given: argparse.Namespace, pieces: list[Piece], which: str) -> None:
    """One fit for so many seconds."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = True
    own = [piece for piece in pieces if str(piece.fold) != which]
    mixer = mx.Mixer(own, device, given.seed)
    with np.load(given.pack / "start.npz") as kept:
        fit = Fit(Network(dict(kept)).to(device).train())
    began, i, done = time.time(), 0, 0.0
    while done < 1:
        i += 1
        with torch.no_grad():
            power, label = mixer.batch(given.batch)
        rate = FASTEST * min(1, i / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * done)))
        fit.step(power, label, rate, i)
        if device == "cuda" and i % 4 == 0:
            torch.cuda.synchronize()
        done = max((time.time() - began) / given.seconds, i / given.steps)
        if i % 100 == 0:
            mean = float(torch.stack(fit.losses[-100:]).mean())
            say(f"{which} step {i}, {done:.2f} done: loss {mean:.4f}")
    fit.finish()
    weights = folded(fit.network.numbers())
    if given.mean:
        weights = mean_of(weights, given.mean, OTHERS)
    save(given.out / f"{which if which == 'all' else f'fold{which}'}.npz", weights)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fits", nargs="+", default=["0", "1", "2", "3", "all"])
    parser.add_argument("--seconds", type=float, default=200.0)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--tones", type=int, default=voice_pool.TONES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mean", type=Path, help="weights of `fit_voice.py` to take the mean with")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    began = time.time()
    pieces = voice_pool.gather(given.pack, given.workers, given.tones)
    kinds = [piece.kind for piece in pieces]
    count = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
    say(f"gathered in {time.time() - began:.0f} s: {count}")
    for which in given.fits:
        run(given, pieces, which)


if __name__ == "__main__":
    sys.exit(main())
