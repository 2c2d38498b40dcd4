"""The sounds that the demo is made of."""

import numpy as np
import pytest

from playlist_builder.demo import instruments

RATE = instruments.SAMPLE_RATE_HZ
HARP = instruments.Timbre(instruments.HARMONIC, 1.5, 0.6)


def strongest_hz(sound):
    padded = 1 << 19
    return np.abs(np.fft.rfft(sound[0], padded)).argmax() * RATE / padded


@pytest.mark.parametrize(
    ("sound", "hertz"),
    [
        (instruments.sustained((69,), 0.5), 440.0),
        (instruments.plucked(HARP, 81, 0.5), 880.0),
        (instruments.bowed(57, 0.5), 220.0),
        (instruments.low(45, 0.9), 110.0),
    ],
)
def test_notes_are_in_tune(sound, hertz):
    """Equal temperament with A4 = 440 Hz, within 10 cents."""
    assert abs(1200.0 * np.log2(strongest_hz(sound) / hertz)) < 10.0


@pytest.mark.parametrize(
    "sound",
    [
        instruments.plucked(HARP, 60, 0.0),
        instruments.plucked(HARP, 84, 1.0),
        instruments.bowed(72, 1.0),
        instruments.driven(40, 0.5),
        instruments.driven(36, 0.12),
        instruments.low(36, 0.3),
        instruments.frame_drum(),
        instruments.kick(),
        instruments.shaker(),
        instruments.snare(),
    ],
)
def test_sounds_begin_and_end_without_a_click(sound):
    """They are stereo, start near zero, and end at zero."""
    assert sound.dtype == np.float32
    assert sound.shape[0] == 2
    assert np.isfinite(sound).all()
    assert np.abs(sound[:, 0]).max() < 0.05 * np.abs(sound).max()
    assert np.abs(sound[:, -1]).max() == 0.0


def test_a_sustained_chord_loops_without_a_seam():
    """The step from its end to its beginning is no larger than any other; its RMS is 1."""
    loop = instruments.sustained((48, 52, 55), 1.0)
    inside = np.abs(np.diff(loop)).max(axis=1)
    assert np.all(np.abs(loop[:, 0] - loop[:, -1]) <= inside)
    assert np.sqrt(np.mean(loop**2)) == pytest.approx(1.0, abs=1e-3)


def test_brightness_is_heard():
    """A brighter sound has more energy above 1 kHz."""

    def high_share(sound):
        power = np.abs(np.fft.rfft(sound[0])) ** 2
        return power[len(power) * 1000 * 2 // RATE :].sum() / power.sum()

    for dull, bright in (
        (instruments.sustained((48,), 0.2), instruments.sustained((48,), 1.0)),
        (instruments.plucked(HARP, 72, 0.0), instruments.plucked(HARP, 72, 1.0)),
        (instruments.bowed(72, 0.0), instruments.bowed(72, 1.0)),
    ):
        assert high_share(bright) > 2.0 * high_share(dull)


def test_a_fade_reaches_silence_at_both_ends():
    """The middle is untouched."""
    sound = np.ones((2, RATE), dtype=np.float32)
    instruments.fade(sound, in_s=0.1, out_s=0.2)
    assert np.abs(sound[:, [0, -1]]).max() == 0.0
    assert np.all(sound[:, RATE // 10 : -RATE // 5] == 1.0)


def test_a_plucked_note_falls_fast_and_rings_on():
    """It loses more from the first twentieth of a second on than from the fourth on."""
    note = instruments.plucked(HARP, 60, 1.0)
    starts = (RATE // 50, RATE * 3 // 20, RATE * 7 // 25)
    first, later, last = (
        np.sqrt(np.mean(note[:, start : start + RATE // 20] ** 2)) for start in starts
    )
    assert first / later > 1.1 * later / last > 1.1


def test_a_bowed_note_swells_and_sways():
    note = instruments.bowed(69, 0.5)[0]
    starts, swells = np.abs(note[: RATE // 50]).max(), np.abs(note[RATE // 4 : RATE // 2]).max()
    assert starts < 0.3 * swells
    pitches = [
        strongest_hz(note[None, first : first + RATE // 10] * np.hanning(RATE // 10))
        for first in range(RATE, 3 * RATE // 2, RATE // 50)
    ]
    assert 3.0 < max(pitches) - min(pitches) < 30.0
