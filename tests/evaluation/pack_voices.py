"""Packs the sounds on which voices are learnt for a machine with a GPU: Opus files and an index.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.pack_voices --music FOLDER [...] \\
        --speech FOLDER [...] --solo FOLDER --cache FOLDER --out FOLDER \\
        [--more-music FOLDER ...] [--more-speech FOLDER ...] [--more-solo FOLDER]

What is given as `more` is only ever learnt from: nothing of it is judged by `evaluate_voice.py`.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from playlist_builder.networks import voice
from playlist_builder.networks.resampler import RATE
from tests.evaluation import voice_data as vd
from tests.evaluation import voice_start
from tests.evaluation.evaluate_voice import rows_of
from tests.evaluation.voice_pool import LEARNT_ONLY, START

LONGEST_S = {"music": 2 * 38, "solo": 18}  # of others all is packed
PART_S = 38  # music is packed in parts that lie apart
BIT_RATE = {"music": 18_000, "solo": 18_000}
OTHER_BIT_RATE = 25_000
SHARD_S = 1200
BLOCK = 960  # 60 ms
SURE = 0.5  # logit from which a second of a song is sung


def parts(sound: vd.Sound, longest_s: float, rng: np.random.Generator) -> Iterator[np.ndarray]:
    samples = sound.samples
    if len(samples) <= longest_s * RATE:
        yield np.array(samples, np.float32)
        return
    count = max(1, int(longest_s / PART_S))
    each, room = int(longest_s / count * RATE), len(samples) // count
    for number in range(count):
        start = number * room + int(rng.integers(0, max(1, room - each)))
        yield np.array(samples[start : start + each], np.float32)


class Shards:
    """Writes sounds one after the other, and where each lies."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.index = folder, []
        self.waiting: dict[int, list[np.ndarray]] = {}
        self.written: dict[int, int] = {}

    def add(self, samples: np.ndarray, bit_rate: int, **facts) -> None:
        kept = self.waiting.setdefault(bit_rate, [])
        at = sum(map(len, kept))
        facts |= {"shard": self.name(bit_rate), "start": at, "n": len(samples)}
        self.index.append(facts)
        kept.append(samples)
        if at + len(samples) > SHARD_S * RATE:
            self.write(bit_rate)

    def name(self, bit_rate: int) -> str:
        return f"{bit_rate}-{self.written.get(bit_rate, 0):02}.opus"

    def write(self, bit_rate: int) -> None:
        if kept := self.waiting.pop(bit_rate, None):
            encode(self.folder / self.name(bit_rate), np.concatenate(kept), bit_rate)
            self.written[bit_rate] = self.written.get(bit_rate, 0) + 1

    def finish(self) -> None:
        for bit_rate in list(self.waiting):
            self.write(bit_rate)
        (self.folder / "index.json").write_text(json.dumps(self.index))


def encode(path: Path, samples: np.ndarray, bit_rate: int) -> None:
    with av.open(str(path), "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate, stream.options = bit_rate, {"frame_duration": "60"}
        for start in range(0, len(samples) - BLOCK + 1, BLOCK):
            block = np.clip(samples[start : start + BLOCK] * 32767, -32768, 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(block[None], "s16", "mono")
            frame.sample_rate, frame.pts = RATE, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def pack(sounds: list[vd.Sound], fold: int | None, shards: Shards) -> None:
    """Adds sounds; `fold` is given where it is not that of the source."""
    model = voice.load(shards.folder / START)
    for number, sound in enumerate(sounds):
        loud = vd.root_mean_square(sound.samples[::7])
        for part in parts(sound, LONGEST_S.get(sound.kind, 1e9), np.random.default_rng(number)):
            if len(part) < 2 * RATE:
                continue
            facts = {
                "kind": sound.kind,
                "source": sound.source,
                "fold": sound.fold if fold is None else fold,
                "loud": loud,
            }
            if sound.kind == "song":
                facts["sung"] = [int(x > SURE) for x in rows_of(part, model)[:, 0]]
            gain = min(1.0, 0.95 / float(np.abs(part).max() + 1e-9))
            facts["loud"] *= gain
            shards.add(part * gain, BIT_RATE.get(sound.kind, OTHER_BIT_RATE), **facts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, nargs="+", required=True)
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--solo", type=Path, required=True, help="of solo_instruments.py")
    parser.add_argument("--more-music", type=Path, nargs="*", default=[])
    parser.add_argument("--more-speech", type=Path, nargs="*", default=[])
    parser.add_argument("--more-solo", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    cache, shards = vd.Cache(given.cache), Shards(given.out)
    voice_start.save(given.out / START, voice_start.stock())
    pack(vd.collect(cache, given.music, given.speech, given.solo), None, shards)
    pack(vd.more(cache, given.more_music, given.more_speech), LEARNT_ONLY, shards)
    if given.more_solo:  # of instruments that are in `--solo` too, so with their fold
        pack(vd.rendered(given.more_solo), None, shards)
    shards.finish()


if __name__ == "__main__":
    sys.exit(main())
