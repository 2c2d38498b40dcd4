"""Change real tracks in ways whose effect on the verdict on voices is known; prints a JSON line.

    python -m tests.evaluation.voice_changes MUSIC VOICES [--tracks 10]

Two minutes of each of up to 10 tracks of the folder MUSIC, spread over their names, are analysed as
files, by `analyse_file`: as they are, and with 20 s of a voice of the folder VOICES from -18 to +6
dB below them. The louder the voice, the less may a verdict be `none`: it may go from there to
`unknown` and to a voice, and never back (`falls`). With a voice at 0 dB, the same track twice,
behind or before a minute of silence, or softer by 12 dB must not turn from a voice to `none`
(`lost`). `verdicts` are all that was heard.
"""

import argparse
import json
import sys
import tempfile
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from playlist_builder import analyse_file
from playlist_builder.library.scan.walk import AUDIO_SUFFIXES
from playlist_builder.models import Floats32, VoiceDetection
from tests.evaluation import excerpts
from tests.evaluation.mixtures import RATE
from tests.evaluation.voice_data import level, root_mean_square

TRACK_S, VOICE_S, AT_S, SILENCE_S = 120, 20, 50, 60
LEVELS_DB = -18, -12, -6, 0, 6
PEAK = 0.9
RANKS = {"none": 0, "unknown": 1, "wordless": 2, "spoken": 2, "sung": 2}


def stretch(path: Path, seconds: int) -> Floats32:
    """The middle of a file, mono at `RATE`."""
    blocks, rate = excerpts.samples(str(path))
    mono = blocks.mean(axis=0)
    n = min(len(mono), seconds * rate)
    mono = mono[(len(mono) - n) // 2 :][:n]
    at = np.arange(int(n * RATE / rate)) * rate / RATE
    return np.interp(at, np.arange(n), mono).astype(np.float32)


def mixed(music: Floats32, voice: Floats32, level_db: float) -> Floats32:
    """Music with a voice in its middle, at a level to its whole."""
    found = music.copy()
    gain = root_mean_square(music) / level(voice) * 10 ** (level_db / 20)
    place = found[AT_S * RATE : AT_S * RATE + len(voice)]
    place += voice[: len(place)] * np.float32(gain)
    return found


def changed(track: Floats32) -> dict[str, Floats32]:
    """A track in ways that leave its voice what it is."""
    silence = np.zeros(SILENCE_S * RATE, np.float32)
    return {
        "twice": np.concatenate([track, track]),
        "before silence": np.concatenate([track, silence]),
        "behind silence": np.concatenate([silence, track]),
        "softer": track * np.float32(10 ** (-12 / 20)),
    }


def heard(samples: Floats32) -> VoiceDetection:
    """What a user is told of a file with these samples."""
    samples = samples * np.float32(min(1.0, PEAK / max(1e-9, float(np.abs(samples).max()))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "track.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        found = analyse_file(path).heard
    if found is None:
        sys.exit("The voice detector did not run.")
    return found


def told(found: VoiceDetection) -> str:
    return f"{found.verdict} {found.confidence:.2f}"


def music_of(folder: Path, count: int) -> Iterator[tuple[str, Floats32]]:
    """Tracks of a folder that are long enough, spread over their names."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
    paths = [path for path in paths if path.stat().st_size > 1_000_000]
    for path in paths[:: max(1, len(paths) // count)][:count]:
        samples = stretch(path, TRACK_S)
        if len(samples) >= (AT_S + VOICE_S) * RATE:
            yield path.name, samples


def main() -> None:
    """Change and analyse tracks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("music", type=Path)
    parser.add_argument("voices", type=Path)
    parser.add_argument("--tracks", type=int, default=10)
    given = parser.parse_args()
    voices = sorted(p for p in given.voices.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
    voices = voices[:: max(1, len(voices) // given.tracks)]
    tracks: dict[str, dict[str, str]] = {}
    falls, lost = [], []
    for number, (name, music) in enumerate(music_of(given.music, given.tracks)):
        voice_path = voices[number % len(voices)]
        voice = stretch(voice_path, VOICE_S)
        found = {"music": heard(music)}
        for level_db in LEVELS_DB:
            found[f"{level_db:+} dB"] = heard(mixed(music, voice, level_db))
        steps = list(found.items())
        for (_, before), (step, after) in pairwise(steps):
            if RANKS[after.verdict] < RANKS[before.verdict]:
                falls.append([name, voice_path.name, step, told(before), told(after)])
        with_voice = mixed(music, voice, 0)
        for change, samples in changed(with_voice).items():
            found[change] = heard(samples)
            if RANKS[found["+0 dB"].verdict] > 1 and found[change].verdict == "none":
                lost.append([name, voice_path.name, change, told(found[change])])
        tracks[f"{name} + {voice_path.name}"] = {key: told(each) for key, each in found.items()}
    report = {"tracks": len(tracks), "falls": falls, "lost": lost}
    sys.stdout.write(json.dumps(report | {"verdicts": tracks}) + "\n")


if __name__ == "__main__":
    main()
