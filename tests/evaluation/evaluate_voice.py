"""How well voices are heard, by networks that have met no source of what they judge; one JSON line.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.evaluate_voice --music FOLDER [...] \\
        --speech FOLDER [...] --solo FOLDER --cache FOLDER --held-out fold0.npz [...] [--peers]

`fold0.npz` to `fold3.npz` are fits that left out that fold of the sources (`fit_voice.py`), and
judge it. The shipped network, fitted to all, also judges rated excerpts and game pieces that no fit
has met. A file is found where its verdict is sung, spoken or wordless; of made tracks where a span
lies on the voice. The embedding says its part, by weights that were fitted to the other folds;
`network alone` holds the figures without it.
`in shorter tracks` are stretches of what was heard, with a voice where there is one.
`reliability` compares the confidence that is shown with the share that was right. The list of files
is frozen: `FROZEN` tells whether it is the one of which figures are known. Its folders of music are
Debian's packages asc-music, asterisk-moh-opsound-g722, colobot-common-sounds, drascula-music,
extremetuxracer-data, fretsonfire-songs-muldjord and -sectoid, freedroidrpg-data, hyperrogue-music,
lincity-ng-data, naev-data, openclonk-data, planetblupi-music-ogg, singularity-music, supertux-data,
unknown-horizons, warmux-data, warzone2100-music, wesnoth-1.16-music and widelands-data, each
unpacked into a folder of its own; of speech, the voices of hedgewars-data but Robot, and those of
asterisk-core-sounds-en, -fr, -it and -ru-g722, each voice a folder. Made tracks follow from a seed.
Whole files of `library` are labelled by what they are used for, and some hold choirs.
`--peers` needs the wheels `vibenet` and `silero-vad` (its model runs in onnxruntime: install it
with `--no-deps`).
"""

import argparse
import importlib.util
import json
import pickle
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np

from playlist_builder.analysis.spectrum import spectra
from playlist_builder.models import VoiceDetection
from playlist_builder.networks import music
from playlist_builder.networks import voice as vm
from playlist_builder.networks.resampler import RATE
from playlist_builder.vocals import detector, moments, style
from tests.evaluation import voice_cases as vc
from tests.evaluation import voice_data as vd
from tests.evaluation.excerpts import auc
from tests.evaluation.fit_chance import stretches
from tests.evaluation.fit_voice_style import by_folds, log_odds

SHIPPED = Path(vm.__file__).with_name("voice_weights.npz")
FOUND = ("sung", "spoken", "wordless")
FROZEN = "641 107d6240"  # as `listed`
SHORTER_S = 60, 90, 120, 180
BINS = 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0


def rows_of(samples: np.ndarray, model: vm.Model) -> np.ndarray:
    """What a network hears in each second of samples at `RATE`."""
    listener = detector.VoiceDetector(model)
    for part in spectra([samples[None]], sample_rate_hz=RATE, channels=("FC",), hear=True):
        listener.push(part.mel, part.heard)
    return listener.logits()


def embedded(samples: np.ndarray) -> np.ndarray | None:
    """The mean of the embeddings of samples at `RATE`, as `vocals.style` takes it."""
    listener = music.MusicListener(RATE)
    listener.push(samples)
    patches = music.embed(music.model(), listener).patches
    return np.asarray(patches, np.float32).mean(axis=0) if len(patches) else None


def heard(case: vc.Case, model: vm.Model) -> dict:
    """What is kept of a case: the rows of the network, its embedding, and whether it is soft."""
    samples, voice_s = case.samples()
    samples = np.asarray(samples, np.float32)
    soft = float(np.mean(np.square(samples))) <= detector.SOFT_MEAN_SQUARE
    return {
        "group": case.group,
        "name": case.name,
        "fold": case.fold,
        "truth": case.truth,
        "voice_s": voice_s,
        "corpus": case.corpus,
        "rows": rows_of(samples, model),
        "embedding": embedded(samples),
        "soft": soft,
    }


def verdict(found: dict) -> VoiceDetection:
    return detector.verdict_of(found["rows"], found.get("by_style", 0.0), soft=found["soft"])


def styled(cases: list[dict]) -> list[dict]:
    """Cases with what the embedding says of them, by weights that have not met their fold."""
    return [case | {"by_style": value} for case, value in zip(cases, by_folds(cases), strict=True)]


def as_shipped(cases: list[dict]) -> list[dict]:
    """Cases with what the embedding says of them, by the weights of the package."""
    weights = style.voice_weights()
    return [case | {"by_style": log_odds(weights, case)} for case in cases]


def is_found(found: dict, judged: VoiceDetection) -> bool:
    """Whether a voice is claimed, and where it is known, at least there."""
    on_it = any(
        span.start_s < end + 1 and span.end_s > start - 1
        for span in judged.spans
        for start, end in found["voice_s"]
    )
    return judged.verdict in FOUND and (on_it or not found["voice_s"])


def report(cases: list[dict]) -> dict:
    """All figures of cases that were heard."""
    judged = [(case, verdict(case)) for case in cases]
    groups = defaultdict(list)
    for case, result in judged:
        key = case["group"] if case["truth"] != "people" else "people"
        groups[key].append((case, result))
    out: dict = {}
    files = [*groups["whole"], *groups["hard"]]
    yes = np.array([is_found(c, r) for c, r in files if c["truth"] == "voice"])
    no = np.array([r.verdict in FOUND for c, r in files if c["truth"] == "none"])
    out["whole files"] = {
        "balanced": round(float(yes.mean() + 1 - no.mean()) / 2, 4),
        "interval": bootstrap(yes, no),
        "voice": [int(yes.sum()), len(yes)],
        "called": [int(no.sum()), len(no)],
        "missed": [(c["name"][:50], r.verdict) for c, r in files if c["truth"] == "voice"
                   and not is_found(c, r)],
        "false": [(c["name"][:50], r.verdict) for c, r in files if c["truth"] == "none"
                  and r.verdict in FOUND],
    }  # fmt: skip
    for key in sorted(groups):
        some = groups[key]
        verdicts = [r.verdict for _, r in some]
        out[key] = {
            "n": len(some),
            "found": share([is_found(c, r) for c, r in some]),
            **{name: share([v == name for v in verdicts]) for name in sorted(set(verdicts))},
        }
    out["library"]["called"] = sorted(c["name"][-40:] for c, r in groups["library"]
                                      if r.verdict in FOUND)  # fmt: skip
    out["in shorter tracks"] = shorter(cases)
    out["reliability"] = reliability(judged)
    return out


def shorter(cases: list[dict]) -> dict:
    """Shares of what is found in stretches of so many seconds, by groups."""
    out: dict = {}
    for seconds in SHORTER_S:
        found = defaultdict(list)
        for case in stretches(cases, seconds):
            found[case["group"]].append(is_found(case, verdict(case)))
        out[str(seconds)] = {group: share(some) for group, some in sorted(found.items())}
    return out


def share(values: Iterable[bool]) -> float:
    return round(float(np.mean(list(values))), 3)


def bootstrap(yes: np.ndarray, no: np.ndarray) -> list[float]:
    rng = np.random.default_rng(0)
    found = [
        (rng.choice(yes, len(yes)).mean() + 1 - rng.choice(no, len(no)).mean()) / 2
        for _ in range(1000)
    ]
    return np.percentile(found, [2.5, 97.5]).round(3).tolist()


def reliability(judged: list[tuple[dict, VoiceDetection]]) -> list[dict]:
    """Of verdicts with a confidence in each bin: how many, its mean, the share that is right."""
    table = []
    for low, high in pairwise(BINS):
        some = [
            (r.confidence, (r.verdict in FOUND) == (c["truth"] != "none"))
            for c, r in judged
            if r.verdict != "unknown" and c["truth"] != "people" and low <= r.confidence < high
        ]
        if some:
            shown, right = np.mean(some, axis=0).round(3).tolist()
            table.append({"from": low, "n": len(some), "shown": shown, "right": right})
    return table


def peers(sounds: list[vd.Sound], ours: list[dict]) -> dict:
    """Over whole files: silero's mean and best 3 s, VibeNet's vocalness, and our log-odds."""
    import vibenet

    session, other = silero_session(), vibenet.load_model()
    table = defaultdict(list)
    for case in ours:
        if case["group"] in ("whole", "hard") and case["truth"] != "people":
            log_odds = moments.log_odds_of_voice(case["rows"], case["by_style"])
            table["ours"].append((case["truth"] == "voice", log_odds))
    for case in vc.whole(sounds):
        if case.group == "library" or case.truth == "people":
            continue
        sound, _ = case.samples()
        chance = silero(session, sound)
        best = np.convolve(chance, np.ones(94) / 94, "valid").max() if len(chance) > 94 else 0
        table["silero mean"].append((case.truth == "voice", float(chance.mean())))
        table["silero best 3 s"].append((case.truth == "voice", float(best)))
        (judged,) = other.predict(sound, sr=RATE)
        table["vibenet"].append((case.truth == "voice", -judged.instrumentalness))
    return {name: {"auc": area(some), "balanced at best": best_of(some)}
            for name, some in table.items()}  # fmt: skip


def silero_session():
    """Its network, for one thread."""
    import onnxruntime

    spec = importlib.util.find_spec("silero_vad")  # found, never imported: it insists on torch
    assert spec and spec.origin
    path = Path(spec.origin).parent / "data" / "silero_vad.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options)


def silero(session, sound: np.ndarray) -> np.ndarray:
    """Its chance of speech every 32 ms, in stretches of ten seconds at once."""
    size, steps = 512, 312
    count = -(-len(sound) // (size * steps))
    x = np.pad(sound, (0, count * size * steps - len(sound))).reshape(count, steps, size)
    state, before = np.zeros((2, count, 128), np.float32), np.zeros((count, 64), np.float32)
    found = []
    for at in range(steps):
        block = np.concatenate([before, x[:, at]], axis=1).astype(np.float32)
        out, state = session.run(None, {"input": block, "state": state, "sr": np.array(RATE)})
        before = x[:, at, -64:]
        found.append(out[:, 0])
    return np.stack(found, axis=1).ravel()[: len(sound) // size]


def area(some: list[tuple[bool, float]]) -> float:
    """The share of pairs that are in order."""
    truth, value = map(np.array, zip(*some, strict=True))
    return round(auc(value, truth), 4)


def best_of(some: list[tuple[bool, float]]) -> float:
    truth, value = map(np.array, zip(*some, strict=True))
    return round(
        max(float((value[truth] >= t).mean() + (value[~truth] < t).mean()) / 2 for t in value), 4
    )


def _kept(cache: Path, weights: Path, cases: list[vc.Case], name: str) -> list[dict]:
    """What a network heard of cases, kept between runs."""
    kept = cache / f"rows-{name}-{zlib.crc32(weights.read_bytes()):08x}.pickle"
    if not kept.exists():
        model = vm.load(weights)
        kept.write_bytes(pickle.dumps([heard(case, model) for case in cases]))
    return pickle.loads(kept.read_bytes())  # noqa: S301 - our own


def never_met(judged: list[tuple[dict, VoiceDetection]]) -> dict:
    """Shares of verdicts by corpus on files that no fit has met."""
    out = defaultdict(list)
    for case, result in judged:
        out[case["corpus"]].append(result.verdict)
    return {
        corpus: {"n": len(some), **{v: share([v == each for each in some]) for v in set(some)}}
        for corpus, some in out.items()
    }


def listed(sounds: list[vd.Sound]) -> str:
    """How many sounds there are, and a number that any other list would not have."""
    lines = sorted(f"{sound.kind} {sound.fold} {sound.name}" for sound in sounds)
    return f"{len(sounds)} {zlib.crc32(ascii(lines).encode()):08x}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, nargs="+", required=True)
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--solo", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, nargs="+", required=True, help="fold0.npz ...")
    parser.add_argument("--shipped", type=Path, default=SHIPPED)
    parser.add_argument("--count", type=int, default=48, help="made tracks of each kind")
    parser.add_argument("--peers", action="store_true", help="silero and VibeNet as well")
    given = parser.parse_args()
    sounds = vd.collect(vd.Cache(given.cache), given.music, given.speech, given.solo)
    every = [*vc.whole(sounds), *vc.made(sounds, given.count), *vc.tones(given.count)]
    cases = []
    for path in given.held_out:
        fold = int(path.stem[-1])
        own = [case for case in every if case.fold == fold]
        cases += _kept(given.cache, path, own, f"{fold}-{given.count}")
    alone, cases = report(cases), styled(cases)
    out = report(cases) | {"network alone": alone}
    unmet = [*vc.whole(vd.never_met(vd.Cache(given.cache)))]
    shipped = as_shipped(_kept(given.cache, given.shipped, unmet, "unmet"))
    out["shipped, never met"] = never_met([(case, verdict(case)) for case in shipped])
    out["files"] = {"list": listed(sounds), "frozen": listed(sounds) == FROZEN}
    if given.peers:
        folds = {int(path.stem[-1]) for path in given.held_out}
        out["peers"] = peers([sound for sound in sounds if sound.fold in folds], cases)
    sys.stdout.write(json.dumps(out) + "\n")


if __name__ == "__main__":
    sys.exit(main())
