"""Fits the network that hears voices, on voices mixed into instrumental music, on a GPU.

    python -m tests.evaluation.fit_voice --pack FOLDER --out FOLDER --seconds 435

`--pack` is the folder of `pack_voices.py`. Fits of `FITS` learn from the same mixes, in the frames
of the analysis: each of 0 to 3 leaves out the mixes that hold anything of that fold of the sources,
for `evaluate_voice.py`, and `all` leaves out none. They are written as `fold0.npz` to `fold3.npz`
and `all.npz`: the running mean of the weights. Needs PyTorch and the wheel `soundfile`.

The shipped weights are those of `all`, after 435 s on an H200: 1,977 steps of 512 crops of 8 s, of
which a fold left out 37 %. Beside these, as many fits without taps further apart and without the
loss of whole crops were made, which told fewer held-out crops with a voice from those without (area
under the curve .910 against .921). Another 120 s from there, and the mean of both, called more
instrumentals that they had not met.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from playlist_builder.networks.voice import APART, REACH
from tests.evaluation import voice_mixer as mx
from tests.evaluation import voice_pool
from tests.evaluation.voice_start import save

FITS = "0", "1", "2", "3", "all"
BATCH, FASTEST, WARM_UP, KEPT = 512, 1.5e-3, 100, 0.998
BLOCK = 40  # frames per product with a banded matrix
TAPS, SPAN = 2 * REACH + 1, BLOCK + 2 * REACH
DROPPED = 0.1  # share of a hidden layer that is left out at random
SHARES = (1.0, 0.2, 0.3, 0.3)  # of voice, spoken, wordless, people
# Share of whole crops in the loss, each judged by its best cells in a row; so many hold a word.
WHOLE, WINDOW, WORD = 0.3, 5, 2


class Network(nn.Module):
    """The network of `networks/voice.py`: power in bands to logits of cells."""

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
        for layer, apart in enumerate(APART):
            y = functional.relu(functional.linear(x, w[f"up{layer}"], w[f"up_bias{layer}"]))
            y = functional.dropout(y, DROPPED, self.training)
            y = functional.linear(y, w[f"down{layer}"], w["down_bias0"] if layer == 0 else None)
            if layer == 0:
                x = self.remember(functional.relu(y), w["taps0"], apart)
            else:
                x = x + self.remember(y, w[f"taps{layer}"], apart)
        y = functional.relu(functional.linear(x, w["last"], w["last_bias"]))
        y = y.reshape(n, frames // mx.CELL, mx.CELL, -1).mean(2)
        return functional.linear(y, w["outputs"], w["output_bias"])

    def remember(self, x: torch.Tensor, taps: torch.Tensor, apart: int) -> torch.Tensor:
        """Each channel's filter as a product with a banded matrix, as in `networks/voice.py`."""
        n, frames, channels = x.shape
        each = frames // apart
        x = x.reshape(n, each, apart, channels).transpose(1, 2).reshape(-1, each, channels)
        band = torch.einsum("cj,jab->cab", taps, self.places)
        blocks = -(-each // BLOCK)
        padded = functional.pad(x, (0, 0, REACH, REACH + blocks * BLOCK - each))
        windows = padded.unfold(1, SPAN, BLOCK).permute(2, 0, 1, 3).reshape(channels, -1, SPAN)
        y = torch.bmm(windows, band).reshape(channels, n, apart, blocks * BLOCK)[..., :each]
        return y.permute(1, 3, 2, 0).reshape(n, frames, channels)

    def numbers(self) -> dict[str, np.ndarray]:
        out = {k: v.detach().cpu().numpy().copy() for k, v in self.weights.items()}
        return out | {name: getattr(self, name).cpu().numpy() for name in ("mean", "scale")}


def loss(out: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """What cells lack, and whether a whole crop holds a voice."""
    known, wanted = (label >= 0).float(), label.clamp(0, 1) * 0.97 + 0.015
    each = (known * (functional.softplus(out) - wanted * out)).sum((0, 1))
    total = (each / (known.sum((0, 1)) + 1) * torch.tensor(SHARES, device=out.device)).sum()
    voice = label[:, :, 0]
    with_voice = ((voice > 0).sum(1) >= WORD).float()
    without = (voice == 0).all(1).float()
    best = functional.avg_pool1d(out[:, None, :, 0], WINDOW, 1).amax((1, 2))
    crop = with_voice * functional.softplus(-best) + without * functional.softplus(best)
    return total + WHOLE * crop.sum() / ((with_voice + without).sum() + 1)


class Fit:
    """A network with Adam and the running mean of its weights; leaves out a fold, or none."""

    def __init__(self, which: str, start: Path, device: str) -> None:
        self.name = "all" if which == "all" else f"fold{which}"
        self.fold = None if which == "all" else int(which)
        with np.load(start) as kept:
            self.network = Network(dict(kept)).to(device).train()
        self.losses: list[torch.Tensor] = []
        self.mean = [p.detach().clone() for p in self.network.parameters()]
        self.adam = torch.optim.AdamW(self.network.parameters(), lr=FASTEST, weight_decay=0.01)

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
        self.losses = [*self.losses[-99:], value.detach()]

    def finish(self) -> dict[str, np.ndarray]:
        with torch.no_grad():
            for p, mean in zip(self.network.parameters(), self.mean, strict=True):
                p.copy_(mean)
        return self.network.numbers()


def run(given: argparse.Namespace, pieces: list[voice_pool.Piece]) -> None:
    """All fits, for so many seconds."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = True
    mixer = mx.Mixer(pieces, device, given.seed)
    fits = [Fit(which, given.pack / voice_pool.START, device) for which in given.fits]
    began, i, done = time.time(), 0, 0.0
    while done < 1:
        i += 1
        with torch.no_grad():
            power, label, used = mixer.batch(given.batch)
        rate = given.fastest * min(1, i / WARM_UP)
        rate *= 0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * done))
        for fit in fits:
            if fit.fold is None:
                fit.step(power, label, rate, i)
            else:
                rows = torch.from_numpy(np.flatnonzero(~used[:, fit.fold])).to(device)
                fit.step(power[rows], label[rows], rate, i)
        if device == "cuda" and i % 4 == 0:
            torch.cuda.synchronize()
        done = max((time.time() - began) / given.seconds, i / given.steps)
        if i % 100 == 0:
            means = {f.name: round(float(torch.stack(f.losses).mean()), 4) for f in fits}
            say(f"step {i}, {done:.2f} done: loss {means}")
    for fit in fits:
        save(given.out / f"{fit.name}.npz", fit.finish())


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fits", nargs="+", default=FITS)
    parser.add_argument("--seconds", type=float, default=435.0)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--fastest", type=float, default=FASTEST, help="rate of learning")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--tones", type=int, default=voice_pool.TONES)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    began = time.time()
    pieces = voice_pool.gather(given.pack, given.workers, given.tones)
    kinds = [piece.kind for piece in pieces]
    count = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
    say(f"gathered in {time.time() - began:.0f} s: {count}")
    run(given, pieces)


if __name__ == "__main__":
    sys.exit(main())
