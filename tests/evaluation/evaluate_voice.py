"""How well voices are heard; one JSON line for each of A, B, speech and C.

    PLAYLIST_BUILDER_EVAL=DIR python -m tests.evaluation.evaluate_voice --music FOLDER [...] \\
        --speech FOLDER [...] --cache FOLDER [--held-out half0.npz half1.npz] [--only A B C]

A: the rated vocals data, whole files. B: a passage of 20 seconds mixed into five minutes of an
instrumental at 0, -6 and -12 dB, and the instrumentals untouched. speech: ten seconds of it before,
after and over a track. C: CPU beside that of the analysis.

`half0.npz` is fitted by `fit_voice.py --hold-out 0`, `half1.npz` likewise; each sound is then
judged by the model that knew neither its source nor its singer. The shipped
model has learnt from what it is judged on here, so its own column flatters.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from playlist_builder.audio import decode
from playlist_builder.library.scan import analyse_file
from playlist_builder.models import VoiceDetection
from playlist_builder.networks import voice as vm
from playlist_builder.vocals import detector
from tests.evaluation import fit_voice as fit

S = vm.RATE
SHIPPED = Path(vm.__file__).with_name("voice_weights.npz")
FOUND = ("sung", "spoken")
PASSAGE_S, TRACK_S = 20, 300


class Judge:
    """Shipped, or the held-out model of a group; rows are heard once each."""

    def __init__(self, shipped: Path | None, held_out: list[Path]) -> None:
        self.shipped = vm.load(shipped) if shipped else None
        self.halves = [vm.load(path) for path in held_out]

    def models(self, group: str) -> dict[str, vm.Model]:
        found = {"shipped": self.shipped} if self.shipped else {}
        if self.halves:
            found["held_out"] = self.halves[fit.half(group)]
        return found


def rows(sound: np.ndarray, model: vm.Model) -> np.ndarray:
    listener = detector.VoiceDetector(S, model)
    listener.push(sound)
    return listener.logits()


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def share(values: list[bool]) -> float:
    return round(float(np.mean(values)), 3) if values else -1.0


def a(judge: Judge, pieces: list[fit.Piece]) -> None:
    """Whole files: vocal against instrumental."""
    table: dict[str, list[tuple[fit.Piece, bool, VoiceDetection]]] = {}
    for piece in whole_files(pieces):
        for name, model in judge.models(piece.group).items():
            result = detector.classify(rows(piece.sound, model))
            table.setdefault(name, []).append((piece, piece.kind == "song", result))
    out: dict[str, object] = {}
    for name, cases in table.items():
        for which in ("all", "without mir1k"):
            some = [c for c in cases if which == "all" or "mir1k" not in c[0].key]
            yes = [c[2].verdict in FOUND for c in some if c[1]]
            no = [c[2].verdict in FOUND for c in some if not c[1]]
            out[f"{name}, {which}"] = {
                "n": len(some),
                "vocal_found": share(yes),
                "instrumental_called": share(no),
                "balanced": round((np.mean(yes) + 1 - np.mean(no)) / 2, 4),
                "unknown": share([c[2].verdict == "unknown" for c in some]),
            }
        out[f"{name}, wrong"] = [
            (c[0].key[:40], c[2].verdict, round(c[2].confidence, 2))
            for c in cases
            if (c[2].verdict in FOUND) != c[1]
        ]
    out["area under the curve"] = peers(judge, pieces)
    say(json.dumps({"A": out}))


def peers(judge: Judge, pieces: list[fit.Piece]) -> dict[str, dict[str, float]]:
    """Rank vocal above instrumental files: our share of voice, and VibeNet's instrumentalness."""
    import vibenet

    other = vibenet.load_model()
    table: dict[str, list[tuple[bool, bool, float]]] = {}
    for piece in whole_files(pieces):
        sound = np.array(piece.sound, np.float32)
        (judged,) = other.predict(sound, sr=S)
        key = (piece.kind == "song", "mir1k" in piece.key)
        table.setdefault("vibenet", []).append((*key, -judged.instrumentalness))
        for name, model in judge.models(piece.group).items():
            chance = 1.0 / (1.0 + np.exp(-rows(sound, model)[:, 0]))
            table.setdefault(name, []).append((*key, float(chance.mean())))
    return {
        name: {
            "all": auc([c[2] for c in cases if c[0]], [c[2] for c in cases if not c[0]]),
            "without mir1k": auc(
                [c[2] for c in cases if c[0] and not c[1]],
                [c[2] for c in cases if not c[0] and not c[1]],
            ),
        }
        for name, cases in table.items()
    }


def auc(positive: list[float], negative: list[float]) -> float:
    """Return the share of pairs that are in order."""
    p, n = np.array(positive)[:, None], np.array(negative)[None]
    return round(float(((p > n) + 0.5 * (p == n)).mean()), 4)


def whole_files(pieces: list[fit.Piece]) -> list[fit.Piece]:
    """Return the files of the vocals data."""
    return [
        piece
        for piece in pieces
        if piece.key.endswith(".opus")
        and not piece.key.startswith(("/", "emotify"))
        and piece.kind in {"K", "I", "song"}
    ]


def b(judge: Judge, pieces: list[fit.Piece], cases: int) -> None:
    """A passage of 20 s in five minutes of an instrumental; and all the instrumentals untouched."""
    rng = np.random.default_rng(7)
    music = [p for p in pieces if p.kind == "M"]
    called: dict[str, list[tuple[str, str, VoiceDetection]]] = {}
    for piece in [p for p in pieces if p.kind in "MCE" and len(p.sound) >= fit.SHORTEST_S * S]:
        for name, model in judge.models(piece.group).items():
            where = {
                "M": "folder",
                "C": "emotify classical and electronic",
                "E": "other game music",
            }[piece.kind]
            result = detector.classify(rows(piece.sound, model))
            called.setdefault(name, []).append((where, piece.key, result))
    long = [p for p in music if len(p.sound) >= (TRACK_S - 5) * S]
    order = [long[i] for i in rng.permutation(len(long))]
    table: dict[tuple[str, int, bool], list[tuple[bool, bool, bool, bool]]] = {}
    for number in range(cases):
        piece = order[number // 2 % len(order)]
        karaoke = number % 2 == 1  # half of the voices come with a backing of their own
        half = fit.half(piece.group)
        voices = [
            p
            for p in pieces
            if fit.half(p.group) == half
            and (p.kind == "song" and "mir1k" in p.key if karaoke else p.kind == "sung")
        ]
        start = int(rng.integers(0, max(1, len(piece.sound) // S - TRACK_S + 1)))
        x = np.array(piece.sound[start * S : (start + TRACK_S) * S], np.float32)
        x = x[: len(x) // S * S]
        voice = passage(rng, voices)
        n, length = len(voice) // S, len(x) // S
        at = int(rng.integers(5, length - n - 5))
        bases = {name: rows(x, model) for name, model in judge.models(piece.group).items()}
        for db in (0, -6, -12):
            low, high = max(0, at - 6), min(length, at + n + 6)
            y = x[low * S : high * S].copy()
            y[(at - low) * S : (at - low + n) * S] += (
                voice * fit.rms(x) / fit.level(voice) * 10 ** (db / 20)
            )
            for name, model in judge.models(piece.group).items():
                some, whole = rows(y, model), bases[name].copy()
                skip = 2 if low else 0
                whole[low + skip : high - 2] = some[skip : len(some) - 2]
                result = detector.classify(whole)
                hit = [s for s in result.spans if s.start_s < at + n and s.end_s > at]
                first, last = (
                    min((s.start_s for s in hit), default=-99.0),
                    max((s.end_s for s in hit), default=-99.0),
                )
                found = result.verdict in FOUND and bool(hit)
                table.setdefault((name, db, karaoke), []).append(
                    (
                        found,
                        found and abs(first - at) <= 5 and abs(last - at - n) <= 5,
                        found and first >= at - 5 and last <= at + n + 5,
                        result.verdict == "unknown",
                    )
                )
    out: dict[str, object] = {"tracks_of_5_min": len(long)}
    for name, untouched in called.items():
        for db in (0, -6, -12):
            both = table[name, db, False] + table[name, db, True]
            out[f"{name}, {db} dB"] = {
                "n": len(both),
                "found": share([c[0] for c in both]),
                "pure": share([c[0] for c in table[name, db, False]]),
                "karaoke": share([c[0] for c in table[name, db, True]]),
                "both_ends_within_5_s": share([c[1] for c in both]),
                "nothing_5_s_outside": share([c[2] for c in both]),
                "unknown": share([c[3] for c in both]),
            }
        for where in sorted({c[0] for c in untouched}):
            some = [c[2].verdict for c in untouched if c[0] == where]
            out[f"{name}, untouched, {where}"] = {
                "n": len(some),
                "called": share([v in FOUND for v in some]),
                "unknown": share([v == "unknown" for v in some]),
            }
        out[f"{name}, untouched, called"] = [
            (Path(c[1]).name[-30:], round(c[2].confidence, 2))
            for c in untouched
            if c[2].verdict in FOUND
        ]
    say(json.dumps({"B": out}))


def passage(rng: np.random.Generator, voices: list[fit.Piece]) -> np.ndarray:
    while True:
        sound = voices[rng.integers(len(voices))].sound
        start = int(rng.integers(0, max(1, len(sound) // S - PASSAGE_S + 1)))
        voice = np.array(sound[start * S : (start + PASSAGE_S) * S], np.float32)
        voice = voice[: len(voice) // S * S]
        loud = fit.each_second(voice)
        if loud.max() > 1e-3 and (loud > 0.3 * fit.level(voice)).mean() > 0.5:
            return voice


def speech(judge: Judge, pieces: list[fit.Piece]) -> None:
    """Ten seconds of speech before, after and over three minutes of an instrumental."""
    rng = np.random.default_rng(3)
    tracks = [p for p in pieces if p.kind == "M" and len(p.sound) >= 180 * S]
    table: dict[str, list[tuple[bool, bool]]] = {}
    for number in rng.permutation(len(tracks))[:40]:
        piece = tracks[number]
        voices = [
            p for p in pieces if p.kind == "speech" and fit.half(p.group) == fit.half(piece.group)
        ]
        if not voices:
            continue
        sound = voices[rng.integers(len(voices))].sound
        start = int(rng.integers(0, max(1, len(sound) // S - 9)))
        voice = np.array(sound[start * S : (start + 10) * S], np.float32)
        x = np.array(piece.sound[: 180 * S], np.float32)
        voice *= fit.rms(x) / fit.level(voice)
        n = len(voice)
        for case in ("before", "after", "over the start, +6 dB", "over the end, 0 dB"):
            if case == "before":
                y, at = np.concatenate([voice, x]), 0.0
            elif case == "after":
                y, at = np.concatenate([x, voice]), 180.0
            else:
                where = S if "start" in case else len(x) - n - S
                y, at = x.copy(), where / S
                y[where : where + n] += voice * (2 if "start" in case else 1)
            for name, model in judge.models(piece.group).items():
                result = detector.classify(rows(y, model))
                hit = [s for s in result.spans if s.start_s < at + n / S and s.end_s > at]
                found = result.verdict in FOUND and bool(hit)
                table.setdefault(f"{name}, {case}", []).append(
                    (found, found and any(s.kind == "spoken" for s in hit))
                )
    say(
        json.dumps(
            {
                "speech": {
                    k: {
                        "n": len(v),
                        "found": share([c[0] for c in v]),
                        "called_spoken": share([c[1] for c in v]),
                    }
                    for k, v in table.items()
                }
            }
        )
    )


def c(judge: Judge, folders: list[Path]) -> None:
    """CPU of the whole check a minute of audio, against the project's analysis."""
    assert judge.shipped
    paths = sorted(
        p
        for folder in folders
        for p in folder.rglob("*")
        if p.suffix in (".ogg", ".opus") and p.stat().st_size > 1_500_000
    )
    check = base = seconds = 0.0
    for path in paths[:: max(1, len(paths) // 12)][:12]:
        began = time.process_time()
        analyse_file.analyse(str(path), vocals=False, embedding=False)
        base += time.process_time() - began
        with decode.AudioFile(str(path)) as recording:
            rate = recording.layout.sample_rate_hz
            listener = detector.VoiceDetector(rate, judge.shipped)
            for block in recording.blocks():
                began = time.process_time()
                listener.push(block.mean(axis=0))
                check += time.process_time() - began
                seconds += block.shape[1] / rate
            began = time.process_time()
            listener.finish()
            check += time.process_time() - began
    say(
        json.dumps(
            {
                "C": {
                    "minutes": round(seconds / 60, 1),
                    "check_s_per_min": round(check / seconds * 60, 4),
                    "analysis_s_per_min": round(base / seconds * 60, 4),
                    "ratio": round(check / base, 3),
                    "max_rss_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                }
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, nargs="+", required=True)
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--shipped", type=Path, default=SHIPPED)
    parser.add_argument("--held-out", type=Path, nargs="*", default=[])
    parser.add_argument("--cases", type=int, default=120)
    parser.add_argument("--only", nargs="*", default=["C", "A", "B", "speech"])
    given = parser.parse_args()
    judge = Judge(given.shipped, given.held_out)
    if "C" in given.only and given.shipped:  # first: so that its memory is its own
        c(judge, given.music[:1])
    pieces = fit.collect(given.music, given.speech, given.cache) if set(given.only) - {"C"} else []
    if "A" in given.only:
        a(judge, pieces)
    if "B" in given.only:
        b(judge, pieces, given.cases)
    if "speech" in given.only:
        speech(judge, pieces)


if __name__ == "__main__":
    main()
