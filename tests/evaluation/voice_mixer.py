"""Voices mixed into instrumental music, many at once on a GPU: what `fit_voice.py` learns from.

A batch holds crops of `CROP_S` in the frames of the analysis, with four labels for each cell of
`CELL_S`: voice, spoken, wordless, people behind; a label is 1, 0 or -1 (not learnt from). It tells
which folds of the sources each crop is made of, so that fits that leave out one each can share it.
"""

from typing import ClassVar

import numpy as np
import torch

from playlist_builder.networks import mel
from playlist_builder.networks.resampler import RATE
from playlist_builder.networks.voice import PER_S
from tests.evaluation.voice_pool import Piece

CROP_S, CELL_S = 8, 0.2
FRAME = RATE // PER_S  # samples of a frame, which begins where the one before ends
FRAMES = CROP_S * PER_S
CELL = int(CELL_S * PER_S)  # frames of a cell
CELLS = FRAMES // CELL
SAMPLES = FRAMES * FRAME
TAKEN = 1000  # samples whose places are told apart in single precision
BEFORE, AFTER = 1, 2  # samples to either side that the interpolation needs
PADDED = 180_000  # of a convolution with a room; a product of small primes
ROOM_S, ROOMS_S = 3.0, (0.4, 0.8, 1.5, 3.0, 5.0)
WORDLESS = ("chant:om-chanting",)  # sources that are sung without words


class Mixer:
    """Makes batches of crops; all that is random follows from a seed."""

    BEDS: ClassVar = {
        "silence": 10, "hiss": 5, "rain": 4, "babble": 5, "tones": 8,
        "music": 38, "hard": 12, "solo": 15, "backing": 2.5, "people": 3.5,
    }  # fmt: skip
    SECOND: ClassVar = ("hiss", "rain", "tones", "music", "hard", "solo", "backing")
    VOICES: ClassVar = {
        "sung": 34, "speech": 24, "whisper": 12, "held": 9, "vowels": 4, "melody": 12, "song": 14,
    }  # fmt: skip
    SPOKEN: ClassVar = {
        "speech": 1,
        "whisper": 1,
        "sung": 0,
        "melody": 0,
        "song": 0,
        "held": -1,
        "vowels": -1,
    }
    WORDLESS: ClassVar = ("held", "vowels")
    WITHOUT, SONGS = 0.42, 0.1  # shares of crops without a voice, and of songs
    BABBLERS = 8

    def __init__(self, pieces: list[Piece], device: str, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.device = device
        self.random = torch.Generator(device).manual_seed(seed)
        self.pieces = pieces
        self.length = np.array([len(piece.samples) for piece in pieces])
        ends = np.cumsum(self.length + BEFORE + AFTER)
        assert ends[-1] < 2**31
        self.offset = ends - self.length - AFTER
        self.loud = np.array([piece.loud for piece in pieces])
        self.fold = np.array([piece.fold for piece in pieces])
        self.folds = int(self.fold.max()) + 1
        samples = np.concatenate([np.pad(p.samples, (BEFORE, AFTER), "wrap") for p in pieces])
        self.samples = torch.from_numpy(samples).to(device)
        self.chances = {kind: self._chances(kind) for kind in {p.kind for p in pieces}}
        self.bank, self.window = (torch.from_numpy(x).to(device) for x in front_end())
        hertz = np.fft.rfftfreq(PADDED, 1 / RATE)
        self.hertz = torch.from_numpy(hertz.astype(np.float32)).to(device)
        at = np.log1p(hertz / 700) / np.log1p(8000 / 700) * 5
        low = np.minimum(at.astype(int), 4)
        between = np.zeros((6, len(hertz)), np.float32)
        between[low, np.arange(len(hertz))] = 1 - (at - low)
        between[low + 1, np.arange(len(hertz))] = at - low
        self.between = torch.from_numpy(between).to(device)

    def _chances(self, kind: str) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of a kind's pieces, and how likely each is to be picked."""
        at = np.array([i for i, piece in enumerate(self.pieces) if piece.kind == kind])
        sources: dict[str, int] = {}
        for i in at:
            source = self.pieces[i].source
            sources[source] = sources.get(source, 0) + 1
        weight = np.array([sources[self.pieces[i].source] ** -0.5 for i in at])
        return at, weight / weight.sum()

    # ------------------------------------------------------------ small helpers
    def uniform(self, low: float, high: float, count: int) -> torch.Tensor:
        return self.put(self.rng.uniform(low, high, count))

    def put(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.asarray(values, np.float32)).to(self.device, non_blocking=True)

    def whole(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.int32)).to(self.device, non_blocking=True)

    def mark(self, used: np.ndarray, rows: np.ndarray, pieces: np.ndarray) -> None:
        """Notes of which folds the pieces of these rows are, in (n, folds)."""
        fold = self.fold[pieces]
        used[rows[fold >= 0], fold[fold >= 0]] = True

    def noise(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, device=self.device, generator=self.random)

    def kinds(self, odds: dict[str, float], count: int) -> np.ndarray:
        names = [n for n in odds if n in self.chances or n in ("silence", "hiss", "babble")]
        chance = np.array([odds[name] for name in names])
        return np.array(names)[self.rng.choice(len(names), count, p=chance / chance.sum())]

    def picked(self, kinds: np.ndarray) -> np.ndarray:
        out = np.zeros(len(kinds), int)
        for kind in set(kinds.tolist()) & set(self.chances):
            own = kinds == kind
            at, chance = self.chances[kind]
            out[own] = self.rng.choice(at, int(own.sum()), p=chance)
        return out

    def take(self, pieces: np.ndarray, speed: np.ndarray, start: np.ndarray) -> torch.Tensor:
        """Samples of pieces from their starts on, faster or slower, (n, SAMPLES)."""
        n = len(pieces)
        first = np.arange(0, SAMPLES, TAKEN) * speed[:, None]
        whole = np.floor(first)
        step = torch.arange(TAKEN, device=self.device, dtype=torch.float32)
        at = step * self.put(speed)[:, None, None] + self.put(first - whole)[..., None]
        low = at.floor()
        share = (at - low).reshape(n, -1)
        index = low.int() + self.whole(whole.astype(np.int64) + start[:, None])[..., None]
        index = index % self.whole(self.length[pieces])[:, None, None]
        index = (index + self.whole(self.offset[pieces])[:, None, None]).reshape(n, -1)
        a, b, c, d = (self.samples[index + o].float() for o in range(-BEFORE, AFTER + 1))
        cubic = b + 0.5 * share * (
            c - a + share * (2 * a - 5 * b + 4 * c - d + share * (3 * (b - c) + d - a))
        )
        return cubic / 32768

    def starts(self, pieces: np.ndarray) -> np.ndarray:
        return (self.rng.random(len(pieces)) * np.maximum(1, self.length[pieces] - SAMPLES)).astype(
            np.int64
        )

    def shaped(self, x: torch.Tensor, db: np.ndarray, edge: np.ndarray, wet_db: np.ndarray):
        """Samples through an equaliser, a low-pass filter and a room; each may do nothing.

        `db` is (n, 6) gains along the mel scale, `edge` in hertz, `wet_db` -inf without a room.
        """
        n = len(x)
        spectrum = torch.fft.rfft(x, PADDED)
        gain = 10 ** (self.put(db) @ self.between / 20)
        over = (self.hertz / self.put(edge)[:, None]) ** 2
        spectrum = spectrum * (gain / torch.sqrt(1 + over**12))
        rows = np.flatnonzero(np.isfinite(wet_db))
        if len(rows):
            length = int(ROOM_S * RATE)
            time = torch.arange(length, device=self.device) / RATE
            seconds = self.rng.choice(ROOMS_S, len(rows)) * self.rng.uniform(0.7, 1.3, len(rows))
            fall = self.put(seconds)
            room = self.noise(len(rows), length) * torch.exp(-6.9 * time / fall[:, None])
            room = torch.fft.rfft(room / (room.square().sum(1, keepdim=True).sqrt() + 1e-9), PADDED)
            dark = self.uniform(1500, 8000, len(rows))[:, None]
            room = room / torch.sqrt(1 + (self.hertz / dark) ** 2)
            wet = self.put(10 ** (wet_db[rows] / 20))[:, None]
            at = torch.from_numpy(rows).to(self.device)
            spectrum[at] = spectrum[at] * (1 + wet * room)
        return torch.fft.irfft(spectrum, PADDED)[:, : x.shape[1]].reshape(n, -1)

    def equaliser(self, n: int, chance: float, most_db: float) -> np.ndarray:
        on = self.rng.random(n) < chance
        return self.rng.uniform(-most_db, most_db, (n, 6)) * on[:, None]

    def edges(self, n: int, chance: float) -> np.ndarray:
        on = self.rng.random(n) < chance
        return np.where(on, np.exp(self.rng.uniform(np.log(2500), np.log(7500), n)), 30_000.0)

    def wets(self, n: int, chance: float, low: float, high: float) -> np.ndarray:
        return np.where(self.rng.random(n) < chance, self.rng.uniform(low, high, n), -np.inf)

    def power(self, x: torch.Tensor) -> torch.Tensor:
        """Power in mel bands, (n, FRAMES, bands), as the network's filter bank."""
        return mel_power(x, self.window, self.bank)

    # ------------------------------------------------------------ beds
    def bed(self, kinds: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
        """What lies below, (n, SAMPLES), its usual root mean square, and the folds it is of."""
        n, rng = len(kinds), self.rng
        pieces, used = self.picked(kinds), np.zeros((len(kinds), self.folds), bool)
        real = np.flatnonzero(np.isin(kinds, list(self.chances)))
        self.mark(used, real, pieces[real])
        few = np.isin(kinds, ("hard", "people"))
        most = np.where(few, 0.3, np.where(kinds == "tones", 0.5, 0.12))
        changed = rng.random(n) < np.where(few, 0.8, 0.5)
        speed = np.exp(rng.uniform(-1, 1, n) * most * changed)
        x = self.take(pieces, speed, self.starts(pieces))
        loud = self.put(self.loud[pieces])
        rows = np.flatnonzero(np.isin(kinds, ("silence", "hiss")))
        x[rows] = self.noise(len(rows), SAMPLES) * 0.05
        loud[rows] = 0.05
        if len(rows := np.flatnonzero(kinds == "babble")) and "speech" in self.chances:
            x[rows], used[rows] = self.babble(len(rows))
            loud[rows] = 0.05
        steep = np.where(np.isin(kinds, ("silence", "hiss", "babble")), 12, 6)
        db = self.equaliser(n, 0.35, 1.0) * steep[:, None]
        noises = np.isin(kinds, ("silence", "hiss"))
        db[noises] = rng.uniform(-12, 12, (int(noises.sum()), 6))
        wet = self.wets(n, 0.12, -14, 3)
        wet[kinds == "babble"] = rng.uniform(-3, 6, int((kinds == "babble").sum()))
        before = x.square().mean(1).sqrt()
        x = self.shaped(x, db, self.edges(n, 0.15), wet)
        after = x.square().mean(1).sqrt()
        loud = loud * after / (before + 1e-9)
        swell = np.where(kinds == "hiss", rng.uniform(0, 8, n), 0)
        points = rng.uniform(-1, 1, (n, 5)) * swell[:, None]
        return x * self.lines(10 ** (points / 20)), loud, used

    def babble(self, n: int) -> tuple[torch.Tensor, np.ndarray]:
        """Several who speak at once, all of one fold."""
        used, all_of = np.zeros((n, self.folds), bool), self.rng.integers(self.folds, size=n)
        total = torch.zeros(n, SAMPLES, device=self.device)
        for _ in range(self.BABBLERS):
            pieces = self.speakers(all_of)
            self.mark(used, np.arange(n), pieces)
            part = self.take(pieces, np.exp(self.rng.uniform(-0.2, 0.2, n)), self.starts(pieces))
            gain = self.rng.choice([0, 1], n, p=[0.2, 0.8]) * 10 ** self.rng.uniform(-0.7, 0, n)
            total += part * self.put(gain / self.loud[pieces])[:, None]
        return total * 0.05 / (total.square().mean(1, keepdim=True).sqrt() + 1e-9), used

    def speakers(self, folds: np.ndarray) -> np.ndarray:
        """The numbers of pieces of speech, each of a fold, or of those that are but learnt from."""
        at, chance = self.chances["speech"]
        out = np.zeros(len(folds), int)
        for row, fold in enumerate(folds):
            own = (self.fold[at] == fold) | (self.fold[at] < 0)
            some = own if own.any() else np.ones(len(at), bool)
            out[row] = self.rng.choice(at[some], p=chance[some] / chance[some].sum())
        return out

    def lines(self, points: np.ndarray) -> torch.Tensor:
        """Straight lines through points that are spread over the crop, (n, SAMPLES)."""
        given = self.put(points)[:, None]
        return torch.nn.functional.interpolate(given, SAMPLES, mode="linear", align_corners=True)[
            :, 0
        ]

    # ------------------------------------------------------------ voices
    def gates(self, n: int, always: np.ndarray) -> np.ndarray:
        """When each voice is on, 0 or 1, (n, FRAMES)."""
        on = np.zeros((n, FRAMES), np.float32)
        rng, second = self.rng, PER_S
        which = rng.random(n)
        for row in range(n):
            if always[row] or which[row] < 0.35:
                on[row] = 1
            elif which[row] < 0.5:
                edge = int(rng.integers(second // 2, FRAMES - second // 2))
                on[row, :edge] = 1
                if which[row] < 0.425:
                    on[row] = 1 - on[row]
            elif which[row] < 0.62:  # a lone word
                at = int(rng.integers(0, FRAMES - second))
                on[row, at : at + int(rng.uniform(0.35, 1.0) * second)] = 1
            else:
                at = int(rng.integers(0, 4 * second))
                while at < FRAMES:
                    length = int(rng.uniform(0.4, 3.0) * second)
                    on[row, at : at + length] = 1
                    at += length + int(rng.uniform(0.8, 6.0) * second)
        return on

    def voice(self, kinds: np.ndarray):
        """Voices (n, SAMPLES) at a level of 1 where they are heard, and when they are on."""
        n, rng = len(kinds), self.rng
        pieces = self.picked(kinds)
        long = np.isin(kinds, ("held", "vowels"))
        speed = np.exp(rng.uniform(-1, 1, n) * np.where(long, 0.25, 0.15) * (rng.random(n) < 0.7))
        start = self.starts(pieces)
        x = self.take(pieces, speed, start)
        rows = np.flatnonzero((rng.random(n) < 0.12) & (kinds != "whisper"))
        for _ in range(3):  # in unison
            late = rng.integers(0, RATE // 8, len(rows))
            other = speed[rows] * np.exp(rng.normal(0, 0.006, len(rows)))
            more = self.take(pieces[rows], other, start[rows] + late)
            x[rows] = x[rows] + more * self.put(rng.choice([0, 1], len(rows)))[:, None]
        gate = self.gates(n, (long & (rng.random(n) < 0.5)) | (kinds == "song"))
        smooth = self.lines(gate)
        wet = self.wets(n, 0.45, -14, 2)
        wet[rows] = rng.uniform(-6, 5, len(rows))
        x = self.shaped(x * smooth, self.equaliser(n, 0.5, 7), self.edges(n, 0.12), wet)
        tenths = x[:, : CROP_S * RATE].reshape(n, CROP_S * 10, -1).square().mean(2)
        loudest = tenths.max(1, keepdim=True).values
        heard = tenths > 0.01 * loudest
        level = ((tenths * heard).sum(1) / heard.sum(1).clamp(min=1)).sqrt()
        sure = np.ones((n, CELLS), np.float32)
        for row in np.flatnonzero(kinds == "song"):
            sure[row] = self.sung(pieces[row], start[row], speed[row])
        return x / (level[:, None] + 1e-6), gate, pieces, self.put(sure)

    def sung(self, piece: int, start: int, speed: float) -> np.ndarray:
        """In which cells a song from a sample on is surely sung, 0 or 1."""
        sung = np.asarray(self.pieces[piece].sung)
        middle = start / RATE + (np.arange(CELLS) + 0.5) * CELL_S * speed
        return sung[np.minimum(middle.astype(int), len(sung) - 1)] > 0

    # ------------------------------------------------------------ batches
    def batch(self, n: int) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
        """Power in mel bands (n, FRAMES, bands), labels (n, CELLS, 4), and folds (n, folds)."""
        rng = self.rng
        songs = round(self.SONGS * n) if "song" in self.chances else 0
        mixed, label, used = self.mixes(n - songs)
        if songs:
            song, own, its = self.songs(songs)
            mixed, label = torch.cat([mixed, song]), torch.cat([label, own])
            used = np.concatenate([used, its])
        loudness = mixed.square().mean(1, keepdim=True).sqrt()
        mixed = self.shaped(
            mixed, self.equaliser(n, 0.3, 5), self.edges(n, 0.12), np.full(n, -np.inf)
        )
        gain = 10 ** (rng.uniform(-22, 7, n) / 20)
        mixed = mixed * torch.minimum(self.put(gain)[:, None], 0.4 / (loudness + 1e-9))
        floor = self.put(10 ** rng.uniform(-2, 0.7, n) / 32768)
        mixed = mixed + self.noise(*mixed.shape) * floor[:, None]
        return torch.nan_to_num(self.power(mixed), nan=0.0, posinf=0.0), label, used

    def mixes(self, n: int) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
        rng = self.rng
        beds, voices = self.kinds(self.BEDS, n), self.kinds(self.VOICES, n)
        with_voice = rng.random(n) > self.WITHOUT
        faint = (voices == "whisper") & (rng.random(n) < 0.5)
        beds[faint] = self.kinds({"rain": 1, "hiss": 1, "hard": 0.6}, int(faint.sum()))
        power, loud, used = self.bed(beds)
        rows = np.flatnonzero((rng.random(n) < 0.15) & ~np.isin(beds, ("silence",)))
        if len(rows):  # two of them: strings over rain
            kinds = self.kinds({kind: self.BEDS[kind] for kind in self.SECOND}, len(rows))
            other, its, also = self.bed(kinds)
            used[rows] |= also
            gain = (
                loud[rows]
                / its.clamp(min=1e-4)
                * self.put(10 ** (rng.uniform(-15, 2, len(rows)) / 20))
            )
            power[rows] = power[rows] + other * gain[:, None]
        people = np.isin(beds, ("people", "babble"))
        silence = beds == "silence"
        voice, gate, pieces, sure = self.voice(voices)
        there = np.flatnonzero(with_voice)
        self.mark(used, there, pieces[there])
        db = np.where(rng.random(n) < 0.75, rng.triangular(-22, -11, 2, n), rng.uniform(-6, 9, n))
        db = np.where(voices == "whisper", np.maximum(db, -18), db)
        gain = loud * self.put(10 ** (db / 20))
        quiet = self.put(10 ** (rng.uniform(-70, -30, n) / 20))  # the floor below a voice alone
        power[silence] = power[silence] * quiet[silence][:, None]
        gain = torch.where(self.put(silence) > 0, torch.full_like(gain, 0.05), gain)
        voice = voice * (gain * self.put(with_voice))[:, None]
        spoken = np.array([self.SPOKEN[kind] for kind in voices])
        wordless = np.isin(voices, self.WORDLESS)
        wordless |= np.array([self.pieces[i].source in WORDLESS for i in pieces])
        label = self.labels(
            self.power(voice),
            self.power(power),
            self.put(gate),
            (self.put(with_voice)[:, None] > 0) & (sure > 0),
            ~(self.put(with_voice)[:, None] > 0),
            *(self.put(each)[:, None] for each in (people, spoken, wordless)),
        )
        return power + voice, label, used

    def labels(self, voice, bed, gate, there, gone, behind, spoken, wordless) -> torch.Tensor:
        """Labels of voices and beds of this power; each but the first three is (n, 1) or cells."""
        strength, below = voice.sum(2), bed.sum(2)
        own = _usual(strength)
        below = torch.maximum(below, 1e-3 * below.mean(1, keepdim=True))
        ratio = strength / below
        clear = (voice > 0.35 * bed).sum(2) >= 3  # bands in which it is not masked
        active = (strength > 0.03 * own) & (((ratio > 10**-2.2) & clear) | (ratio > 10**-1.3))
        active = _cells(active.float()).mean(2) > 0.5
        off = (_cells((strength < 1e-3 * below).float()).mean(2) > 0.9) & (
            _cells(gate).amax(2) == 0
        )
        active, off = active & there, off | gone
        no = -torch.ones_like(strength[:, :CELLS])
        zero = torch.zeros_like(no)
        return torch.stack(
            [
                torch.where(active, zero + 1, torch.where(off & (behind < 1), zero, no)),
                torch.where(active, zero + spoken, no),
                torch.where(active, zero + wordless, torch.where(off, zero, no)),
                torch.where(behind > 0, torch.where(active, no, zero + 1), zero),
            ],
            dim=2,
        )

    def songs(self, n: int) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
        """Real songs, of which the cells are learnt that are surely sung."""
        used = np.zeros((n, self.folds), bool)
        pieces = self.picked(np.array(["song"] * n))
        self.mark(used, np.arange(n), pieces)
        start = self.starts(pieces)
        x = self.take(pieces, np.ones(n), start)
        label = np.full((n, CELLS, 4), -1.0)
        label[:, :, 2:] = 0
        for row in range(n):
            sure = self.sung(pieces[row], start[row], 1.0)
            label[row, sure, 0], label[row, sure, 1] = 1, 0
        return x, self.put(label), used


def _usual(strength: torch.Tensor) -> torch.Tensor:
    heard = strength > 0.01 * strength.amax(1, keepdim=True)
    return (strength * heard).sum(1, keepdim=True) / heard.sum(1, keepdim=True).clamp(min=1)


def _cells(frames: torch.Tensor) -> torch.Tensor:
    return frames.reshape(len(frames), CELLS, CELL)


def front_end() -> tuple[np.ndarray, np.ndarray]:
    """What leads from power to bands, and the window of a frame, as in the analysis."""
    hertz = np.fft.rfftfreq(FRAME, 1 / RATE)
    bank = mel.bank(hertz, RATE * FRAME // 2)  # a squared window adds up to half of a frame
    window = np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME)
    return bank, window.astype(np.float32)


def mel_power(x: torch.Tensor, window: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    frames = x.reshape(len(x), -1, FRAME)
    spectrum = torch.fft.rfft(frames * window, dim=2)
    return (spectrum.real**2 + spectrum.imag**2) @ bank
