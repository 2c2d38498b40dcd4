"""The embedding is independent of blocks and gain, hears all of a track, and never crashes."""

import io
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.errors import ModelError
from playlist_builder.models import STYLE_SIZE
from playlist_builder.networks import music, weights

RATE = 16000


def chords(seconds, rate=RATE, seed=0):
    """Samples of changing chords with a little noise, shape (n,)."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    tones = [0.05 * np.sin(2 * np.pi * hertz * time) for hertz in random.uniform(110, 880, 4)]
    beat = 1 + 0.5 * np.sin(2 * np.pi * time * random.uniform(0.2, 2.0))
    return (sum(tones) * beat + 0.001 * random.standard_normal(len(time))).astype(np.float32)


def embedded(samples, rate=RATE, block=RATE):
    listener = music.MusicListener(rate)
    for start in range(0, len(samples), block):
        listener.push(samples[start : start + block])
    return music.embed(music.model(), listener)


@pytest.mark.parametrize("block", [1000, 16000, 123_457])
def test_blocks_do_not_matter(block):
    samples = chords(40)
    whole = embedded(samples, block=len(samples))
    parts = embedded(samples, block=block)
    np.testing.assert_array_equal(parts.starts_s, whole.starts_s)
    np.testing.assert_allclose(parts.patches, whole.patches, atol=1e-5)


@pytest.mark.parametrize("gain", [0.25, 0.5, 2.0])
def test_gain_does_not_matter(gain):
    samples = chords(20)
    np.testing.assert_allclose(
        embedded(samples * np.float32(gain)).patches, embedded(samples).patches, atol=0.01
    )


@pytest.mark.parametrize("kind", ["white", "rain", "room"])
def test_soft_noise_changes_little(kind):
    """Even of music without any sound where the noise lies."""
    samples = chords(20) - 0.001 * np.random.default_rng(0).standard_normal(20 * RATE)
    random = np.random.default_rng(1)
    hertz = np.maximum(np.fft.rfftfreq(len(samples), 1 / RATE), 20.0)
    gain = {"white": 1.0, "rain": 1.0 / (1.0 + (600.0 / hertz) ** 2), "room": 1.0 / hertz}[kind]
    noise = np.fft.irfft(np.fft.rfft(random.standard_normal(len(samples))) * gain)
    noisy = samples + 0.1 * noise / noise.std() * samples.std()
    usual, strange = usual_and_strange()
    clean, found = (embedded(each.astype(np.float32)) for each in (samples, noisy))
    moved = np.linalg.norm(found.patches.mean(axis=0) - clean.patches.mean(axis=0))
    apart = np.linalg.norm(strange.patches.mean(axis=0) - usual.patches.mean(axis=0))
    assert moved < 0.8 * apart


@cache
def usual_and_strange():
    return embedded(chords(20)), embedded(chords(20, seed=5))


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_other_rates_give_nearly_the_same(rate):
    usual, strange = usual_and_strange()
    other = embedded(chords(20, rate), rate)
    assert other.patches.shape == usual.patches.shape
    distance = np.linalg.norm(other.patches.mean(axis=0) - usual.patches.mean(axis=0))
    assert distance < np.linalg.norm(strange.patches.mean(axis=0) - usual.patches.mean(axis=0))


@settings(max_examples=20)
@given(st.floats(0.01, 300.0))
def test_patches_are_spread_over_the_whole_track(seconds):
    listener = music.MusicListener(RATE)
    samples = chords(seconds)
    listener.push(samples)
    heard, starts_s = listener.patches()
    assert heard.shape == (len(starts_s), music.PATCH)
    assert 1 <= len(starts_s) <= music.PATCHES
    assert len(starts_s) == music.PATCHES or seconds < music.PATCH / RATE + 8 * music.FIRST_HOP_S
    assert (np.diff(starts_s) > 0).all()
    assert starts_s[0] == 0.0
    assert starts_s[-1] + 0.25 * seconds + music.PATCH / RATE >= seconds


def test_silence_has_no_patches_and_silent_passages_are_not_heard():
    silence = np.zeros(20 * RATE, np.float32)
    assert embedded(silence).patches.shape == (0, STYLE_SIZE)
    assert embedded(np.zeros(0, np.float32)).patches.shape == (0, STYLE_SIZE)
    found = embedded(np.concatenate((chords(20), silence)))
    assert found.starts_s.max() < 20.0


def test_a_filter_answers_with_its_highest_activation():
    """As the layers are defined: gain * relu(response + bias) + offset, then the maximum."""
    model = music.model()
    random = np.random.default_rng(0)
    filters = model.weights["long"]
    windows = [
        random.standard_normal((1, music.FRAMES, music.LONG)).astype(np.float32) for _ in range(3)
    ]
    bias, gain, offset = (model.weights[f"long_{part}"] for part in ("bias", "gain", "offset"))
    slow = np.max(
        [gain * np.maximum(window @ filters + bias, 0.0) + offset for window in windows], axis=0
    )
    np.testing.assert_allclose(music._highest(model, "long", windows), slow, atol=1e-4)  # noqa: SLF001 - a layer of its own


def changed(name, change):
    with np.load(music.WEIGHTS) as data:
        values = dict(data)
    values[name] = change(values[name])
    content = io.BytesIO()
    np.savez(content, **values)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        changed("axes", lambda values: values[:, 1:]),
        changed("long", lambda values: values * np.nan),
        bytes(weights.LARGEST_FILE + 1),
    ],
    ids=["empty", "text", "shape", "nan", "huge"],
)
def test_a_damaged_file_is_one_line(tmp_path, content, monkeypatch):
    file = tmp_path / "music_weights.npz"
    file.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        music.load(file)
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(music, "WEIGHTS", file)
    music.model.cache_clear()
    assert "Install playlist-builder again" in music.model_error()
    monkeypatch.undo()
    music.model.cache_clear()
    assert music.model_error() == ""
