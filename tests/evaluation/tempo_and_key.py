"""How often tempo and key are right, and how often a wrong one is shown; one JSON line.

    python -m tests.evaluation.tempo_and_key

Needs the extra `evaluation`. Three sets: the 28 generated tracks of `immich-memories-music`, whose
notes state the tempo and key that were asked for (not what was played: nobody checked); the
pieces of `compose`, whose key and mean tempo are exact; and sound without any beat (chords of organ
and strings, surf), for which no tempo may be shown.

A tempo is right within 4 %, `octave` also at half or double. `shown` is the share whose confidence
passes what `text` asks for, `shown_right` how much of that is right.
"""

import importlib.resources
import json
import re
import sys
from collections.abc import Sequence
from importlib.metadata import distribution

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import features
from playlist_builder.audio import decode
from playlist_builder.demo import compose as demo
from playlist_builder.demo.instruments import SAMPLE_RATE_HZ, sustained
from playlist_builder.models import KEYS, MIN_KEY_CONFIDENCE, MIN_TEMPO_CONFIDENCE, Features

TOLERANCE = 0.04
STATED = re.compile(r"^ +(\w+\.opus) +(\d+) bpm +([A-G][b#]?) (major|minor)", re.MULTILINE)
SHARPS = {"Bb": "A#", "Eb": "D#", "Ab": "G#", "Db": "C#", "Gb": "F#"}

Case = tuple[float, str, Features]


def of_samples(samples: NDArray[np.float32], rate_hz: int) -> Features:
    """Measure samples of shape (channels, n)."""
    names = ("FC",) if len(samples) == 1 else ("FL", "FR")
    blocks = (samples[:, at : at + rate_hz] for at in range(0, samples.shape[1], rate_hz))
    return features.measure(blocks, sample_rate_hz=rate_hz, channels=names).features


def generated() -> list[Case]:
    """Return the tracks of the wheel with what its notes state."""
    notes = next(
        file.read_text(encoding="utf-8")
        for file in distribution("immich-memories-music").files or ()
        if file.name == "LICENSE-MUSIC"
    )
    folder = importlib.resources.files("immich_memories_music") / "tracks"
    cases = []
    for name, bpm, tonic, mode in STATED.findall(notes):
        path = folder / name.split("_")[0] / name
        with decode.AudioFile(str(path)) as recording:
            samples = np.concatenate(list(recording.blocks()), axis=1)
            measured = of_samples(samples, recording.layout.sample_rate_hz)
        cases.append((float(bpm), f"{SHARPS.get(tonic, tonic)} {mode}", measured))
    return cases


def synthesised() -> list[Case]:
    """Return the pieces of the demo."""
    return [
        (piece.tempo_bpm, piece.key, of_samples(demo.synthesise(piece), SAMPLE_RATE_HZ))
        for piece in demo.compositions(1)
    ]


def beatless() -> list[Features]:
    """Return slow chords, a drone with a swell, and surf."""
    rng = np.random.default_rng(0)
    chords = [(48, 55, 64), (50, 57, 65), (45, 52, 60), (41, 48, 57, 64), (43, 50, 59)]
    sounds = [np.tile(sustained(chord, bright), 4) for chord in chords for bright in (0.2, 0.7)]
    time = np.arange(sounds[0].shape[1]) / SAMPLE_RATE_HZ
    sounds += [sound * (1.0 + 0.6 * np.sin(0.7 * time)) for sound in sounds[:4]]
    surf = np.cumsum(rng.normal(0, 1, (2, time.size)), axis=1)
    hiss = rng.normal(0, 0.1, (2, time.size)) * (0.4 + 0.3 * np.sin(0.9 * time))
    sounds += [hiss, np.diff(surf, axis=1, prepend=0.0) * 0.05]
    return [of_samples(np.asarray(sound * 0.2, np.float32), SAMPLE_RATE_HZ) for sound in sounds]


def tempo_is(found_bpm: float, true_bpm: float, octaves: Sequence[float]) -> bool:
    """Whether a tempo is right, or right but for a factor."""
    return any(abs(found_bpm / (true_bpm * octave) - 1.0) <= TOLERANCE for octave in octaves)


def near_key(found: str, true: str) -> bool:
    """Whether a key is right, its relative, or a fifth away: keys that share six notes or more."""
    if not found:
        return False
    places = [
        (KEYS.index(key) % 12 + (3 if key.endswith("minor") else 0)) * 7 % 12
        for key in (found, true)
    ]
    return min((places[0] - places[1]) % 12, (places[1] - places[0]) % 12) <= 1


def figures(cases: Sequence[Case]) -> dict[str, float]:
    """Shares of a set."""
    tempo = [tempo_is(found.tempo_bpm, bpm, (1.0,)) for bpm, _, found in cases]
    octave = [tempo_is(found.tempo_bpm, bpm, (0.5, 1.0, 2.0)) for bpm, _, found in cases]
    sure = np.array([found.tempo_confidence >= MIN_TEMPO_CONFIDENCE for _, _, found in cases])
    key = [found.key == key for _, key, found in cases]
    near = [near_key(found.key, key) for _, key, found in cases]
    sure_key = np.array([found.key_confidence >= MIN_KEY_CONFIDENCE for _, _, found in cases])
    result = {
        "tempo": np.mean(tempo),
        "tempo_octave": np.mean(octave),
        "tempo_shown": sure.mean(),
        "tempo_shown_right": np.mean(np.array(tempo)[sure]) if sure.any() else 1.0,
        "tempo_shown_octave": np.mean(np.array(octave)[sure]) if sure.any() else 1.0,
        "key": np.mean(key),
        "key_near": np.mean(near),
        "key_shown": sure_key.mean(),
        "key_shown_right": np.mean(np.array(key)[sure_key]) if sure_key.any() else 1.0,
        "key_shown_near": np.mean(np.array(near)[sure_key]) if sure_key.any() else 1.0,
    }
    return {
        "tracks": len(cases),
        **{name: round(float(value), 3) for name, value in result.items()},
    }


def main() -> None:
    """Print the figures of all sets."""
    still = [found.tempo_confidence for found in beatless()]
    report = {
        "evaluation": "tempo_and_key",
        "generated": figures(generated()),
        "synthesised": figures(synthesised()),
        "beatless": {
            "tracks": len(still),
            "highest_confidence": round(max(still), 3),
            "tempo_shown": round(float(np.mean(np.array(still) >= MIN_TEMPO_CONFIDENCE)), 3),
        },
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
