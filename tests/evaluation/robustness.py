"""How much coding, sample rate, channels and gain move the energy of real tracks; one JSON line.

    python -m tests.evaluation.robustness FOLDER [TRACKS]

Takes the first three minutes of up to TRACKS (40) stereo tracks of FOLDER that last half a minute
or more, spread over their names. Each is scored as it is and again at -12, -6 and +6 dB (scaled
down first, so that nothing clips), as MP3 at 128 kbit/s, as Opus at 64 kbit/s, from 48 to 44.1
kHz, and as mono. Bars: gain at most 0.01; the others at most 0.04 on average and 0.10 at worst.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import energy, features
from playlist_builder.audio import decode, encode
from playlist_builder.library.scan.walk import AUDIO_SUFFIXES
from playlist_builder.networks import music
from tests.evaluation.excerpts import samples
from tests.support.coding import Form, written

GAINS_DB = (-12.0, -6.0, 6.0)
FORMS = {
    "mp3_128": Form(".mp3", "libmp3lame", kbps=128),
    "opus_64": Form(".opus", "libopus", 48000, 64),
    "mono": Form(".flac", "flac", layout="mono"),
}
SHORTEST_S, LONGEST_S = 30.0, 180.0


def score(path: Path, gain: float = 1.0) -> float:
    """Energy of a file whose samples are multiplied by a gain."""
    with decode.AudioFile(str(path)) as recording:
        listener = music.MusicListener(recording.layout.sample_rate_hz)

        def blocks() -> Iterator[NDArray[np.float32]]:
            for block in recording.blocks():
                listener.push(block.mean(axis=0) * np.float32(gain))
                yield block * np.float32(gain)

        measured = features.measure(
            blocks(),
            sample_rate_hz=recording.layout.sample_rate_hz,
            channels=recording.layout.channels,
        )
    embedding = music.embed(music.model(), listener)
    return energy.overall(energy.contours([measured.steps], [embedding]))[0]


def shifts(path: Path) -> dict[str, float]:
    """How far each form of one track is from the track itself."""
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder)
        blocks, rate_hz = samples(str(path))
        plain_file = stem / "plain.flac"
        encode.write_flac(str(plain_file), blocks[:, : int(LONGEST_S * rate_hz)], rate_hz, {})
        plain = score(plain_file)
        result = {
            name: score(written(plain_file, stem / name, form)) - plain
            for name, form in FORMS.items()
        }
        high = written(plain_file, stem / "high", Form(".flac", "flac", 48000))
        low = written(high, stem / "low", Form(".flac", "flac"))
        result["rate_48_to_44"] = score(low) - score(high)
        quiet = score(plain_file, 0.5)
        for gain_db in GAINS_DB:
            gain = 0.5 * 10 ** (gain_db / 20)
            result[f"gain_{gain_db:+g}_db"] = score(plain_file, gain) - quiet
    return result


def stereo(folder: Path) -> list[Path]:
    """Every stereo track below a folder that is long enough, by name."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file():
            try:
                with av.open(str(path)) as container:
                    length_s = (container.duration or 0) / av.time_base
                    if container.streams.audio[0].channels == 2 and length_s >= SHORTEST_S:
                        found.append(path)
            except (av.error.FFmpegError, IndexError):
                continue
    return found


def main() -> None:
    """Print the mean and the largest shift of each form."""
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    paths = stereo(Path(sys.argv[1]))
    chosen = [
        paths[int(index)] for index in np.linspace(0, len(paths) - 1, min(wanted, len(paths)))
    ]
    with ProcessPoolExecutor() as executor:
        rows = list(executor.map(shifts, chosen))
    report: dict[str, object] = {"evaluation": "robustness", "tracks": len(chosen)}
    for name in rows[0]:
        moved = np.abs([row[name] for row in rows])
        report[name] = {
            "mean": round(float(moved.mean()), 4),
            "worst": round(float(moved.max()), 4),
        }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
