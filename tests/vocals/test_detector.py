"""The voice detector is independent of the blocks, validates its file, and never crashes."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.analysis.spectrum import spectra
from playlist_builder.errors import ModelError
from playlist_builder.models import VoiceDetection
from playlist_builder.networks import mel, voice, weights
from playlist_builder.vocals import detector, style

RATE = 16000
WEIGHTS = Path(voice.__file__).with_name("voice_weights.npz")


def pad(seconds, rate=RATE):
    time = np.arange(round(seconds * rate)) / rate
    tones = [0.05 * np.sin(2 * np.pi * hertz * time) for hertz in (220, 277, 330)]
    return (sum(tones) * (1 + 0.3 * np.sin(time))).astype(np.float32)


def heard(samples, rate=RATE, block=RATE):
    return listener_of(samples, rate, block).finish()


def listener_of(samples, rate=RATE, block=RATE):
    listener = detector.VoiceDetector(detector.model())
    blocks = (samples[None, start : start + block] for start in range(0, len(samples), block))
    for part in spectra(blocks, sample_rate_hz=rate, channels=("FC",), hear=True):
        listener.push(part.mel, part.heard)
    return listener


def test_pads_are_no_voice():
    assert heard(pad(130)).verdict == "none"


@pytest.mark.parametrize("gain", [0.0, 0.001])
def test_what_is_too_soft_to_hear_is_unknown(gain):
    assert heard(pad(40) * np.float32(gain)) == VoiceDetection("unknown", 0.0)


def test_noise_is_no_voice():
    noise = np.random.default_rng(1).normal(0, 0.1, 40 * RATE).astype(np.float32)
    assert heard(noise).verdict == "none"


def rows_of(samples, block):
    return listener_of(samples, block=block).logits()


@pytest.fixture(scope="module")
def whole():
    """A little more than one run of the network, and what is heard of it in one block."""
    seconds = voice.CHUNK_S + 5
    noise = np.random.default_rng(0).normal(0, 0.02, seconds * RATE).astype(np.float32)
    samples = pad(seconds) + noise
    return samples, rows_of(samples, len(samples))


def test_minutes_of_silence_are_heard_once(monkeypatch):
    """And nothing is lost: what is heard of them is what is heard where each is."""
    model, runs = detector.model(), []
    really = voice.hidden_layer
    monkeypatch.setattr(voice, "hidden_layer", lambda *given: runs.append(1) or really(*given))
    sound = np.random.default_rng(0).uniform(1e3, 1e6, (90 * voice.PER_S, mel.BANDS))
    silence = np.zeros((600 * voice.PER_S, mel.BANDS))
    power = np.concatenate((sound, silence, sound)).astype(np.float32)

    def rows():
        listener = detector.VoiceDetector(model)
        listener.push(power, np.ones(1, np.float32))
        return listener.logits()

    found, count = rows(), len(runs)
    assert (len(found), count) == (780, 5)
    monkeypatch.setattr(detector.VoiceDetector, "_run", always_heard)
    np.testing.assert_array_equal(found, rows())
    assert len(runs) - count == 13


def always_heard(listener, levels, seconds):
    listener._rows.append(listener._heard(levels, seconds))  # noqa: SLF001 - as without the short cut


@settings(deadline=None, max_examples=10)
@given(block=st.integers(1000, 90_000))
def test_blocks_do_not_matter(whole, block):
    samples, expected = whole
    np.testing.assert_allclose(expected, rows_of(samples, block), atol=1e-3)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 48000, 96000, 192000])
def test_pads_are_no_voice_at_any_rate(rate):
    assert heard(pad(40, rate), rate, rate).verdict == "none"


@pytest.mark.parametrize("samples", [0, 1, 100, RATE // 3])
def test_next_to_nothing_is_unknown(samples):
    assert heard(np.zeros(samples, np.float32)) == VoiceDetection("unknown", 0.0)


def changed(name, make):
    with np.load(WEIGHTS) as data:
        arrays = {key: data[key] for key in data}
    arrays[name] = make(arrays[name])
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a model",
        WEIGHTS.read_bytes()[:5000],
        WEIGHTS.read_bytes()[:-40],
        WEIGHTS.read_bytes()[:70_000] + bytes(500) + WEIGHTS.read_bytes()[70_500:],
        changed("mean", lambda values: values[:-1]),
        changed("mean", lambda values: values * np.nan),
        changed("mean", lambda values: values.astype(object)),
        bytes(weights.LARGEST_FILE + 1),
    ],
    ids=["empty", "text", "half", "cut", "zeros", "shape", "nan", "objects", "huge"],
)
def test_a_damaged_model_is_one_line(tmp_path, content, monkeypatch):
    file = tmp_path / "voice_weights.npz"
    file.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        voice.load(file)
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(detector, "WEIGHTS", file)
    detector.model.cache_clear()
    try:
        assert "Install playlist-builder again" in detector.model_error()
        file.unlink()
        assert "Install playlist-builder again" in detector.model_error()
    finally:
        detector.model.cache_clear()


def test_damaged_weights_of_style_are_one_line(tmp_path, monkeypatch):
    detector.model()
    monkeypatch.setattr(style, "WEIGHTS", tmp_path / "style_weights.npz")
    style.voice_weights.cache_clear()
    try:
        assert "style_weights.npz: missing" in detector.model_error()
    finally:
        style.voice_weights.cache_clear()


def test_the_model_of_the_package_is_sound():
    assert detector.model_error() == ""
