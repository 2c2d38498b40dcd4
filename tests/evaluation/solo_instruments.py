"""Melodies and chords on instruments that are easily taken for a voice, as hard negatives.

    python -m tests.evaluation.solo_instruments FluidR3_GM.sf2 FOLDER

Needs the wheel `tinysoundfont` and a General MIDI sound font (Debian's fluid-soundfont-gm): bowed
strings, choirs of samples, brass, reeds, flutes, leads and pads, with vibrato and slides.
"""

import sys
from pathlib import Path

import numpy as np

RATE, SECONDS = 16000, 45
PROGRAMS = (*range(40, 46), *range(48, 55), *range(56, 80), *range(80, 96), 104, 109, 110, 111)
SCALES = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10)


def melody(synth, font: int, program: int, number: int) -> np.ndarray:
    rng = np.random.default_rng([program, number])
    synth.program_select(0, font, 0, program)
    scale = SCALES[rng.integers(len(SCALES))]
    low = int(rng.integers(45, 66)) if program not in (43, 58) else int(rng.integers(33, 45))
    chords, slow = number == 1, rng.uniform(0.15, 0.7)
    bend_depth, bend_hz = rng.uniform(0, 900), rng.uniform(4.5, 6.5)
    parts, degree, held = [], 7, []
    for _ in range(400):
        for key in held:
            synth.noteoff(0, key)
        degree = int(np.clip(degree + rng.integers(-3, 4), 0, 14))
        steps = (degree, degree + 2, degree + 4) if chords else (degree,)
        held = [low + 12 * (d // len(scale)) + scale[d % len(scale)] for d in steps]
        if rng.random() < 0.15:
            held = []
        for key in held:
            synth.noteon(0, key, int(rng.integers(50, 115)))
        length = slow * rng.choice([1, 1, 2, 4, 6])
        slide = rng.uniform(-2500, 0) if rng.random() < 0.2 else 0.0
        for piece in range(max(1, int(length / 0.02))):
            at = piece * 0.02
            bend = slide * np.exp(-at / 0.08)
            bend += bend_depth * np.sin(2 * np.pi * bend_hz * at) * min(1.0, at / 0.4)
            synth.pitchbend(0, int(np.clip(8192 + bend, 0, 16383)))
            block = np.frombuffer(synth.generate(RATE // 50), np.float32).reshape(-1, 2)
            parts.append(block.mean(1))
        if sum(map(len, parts)) > SECONDS * RATE:
            break
    synth.notes_off()
    synth.generate(RATE)
    sound = np.concatenate(parts)[: SECONDS * RATE]
    return (sound / max(1e-6, np.abs(sound).max()) * 0.5).astype(np.float16)


def main() -> None:
    import tinysoundfont  # noqa: PLC0415 - for this alone

    synth = tinysoundfont.Synth(samplerate=RATE)
    font = synth.sfload(sys.argv[1])
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        for number in range(2):
            np.save(folder / f"{program:03}-{number}.npy", melody(synth, font, program, number))


if __name__ == "__main__":
    main()
