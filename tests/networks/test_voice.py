"""The network for voices hears what lies within its reach, in runs as in one."""

import numpy as np
import pytest

from playlist_builder.networks import voice
from playlist_builder.networks.mel import BANDS
from playlist_builder.networks.voice import APART, CHUNK_S, CONTEXT_S, OUTPUTS, PER_S, REACH
from playlist_builder.vocals import detector


@pytest.mark.parametrize("frames", [1, 16, 75])
def test_memories_weigh_frames_that_lie_apart(frames):
    model = detector.model()
    levels = np.random.default_rng(0).standard_normal((frames, BANDS)).astype(np.float32)
    x = levels.T
    for layer, apart in enumerate(APART):
        up, down = model.dense[2 * layer : 2 * layer + 2]
        bias, offset = model.bias[2 * layer : 2 * layer + 2]
        y = down @ np.maximum(up @ x + bias[:, None], 0)
        y = np.maximum(y + offset[:, None], 0) if layer == 0 else y
        taps = model.memories[layer][:, : 2 * REACH + 1, 0]
        padded = np.pad(y, ((0, 0), (REACH * apart, REACH * apart)))
        parts = (padded[:, at * apart : at * apart + frames] for at in range(2 * REACH + 1))
        y = sum(tap[:, None] * part for tap, part in zip(taps.T, parts, strict=True))
        x = y if layer == 0 else x + y
    wanted = np.maximum(model.dense[-1] @ x + model.bias[-1][:, None], 0)
    np.testing.assert_allclose(voice.hidden_layer(model, levels), wanted, atol=1e-3, rtol=1e-3)


def test_what_is_heard_in_runs_is_what_is_heard_in_one():
    """Where one run ends and the next begins, context to either side makes up for the rest."""
    rng = np.random.default_rng(1)
    seconds = 2 * CHUNK_S + 20
    swell = np.repeat(rng.normal(12, 3, (seconds, BANDS)), PER_S, axis=0)
    power = np.exp(swell + rng.standard_normal(swell.shape)).astype(np.float32)
    model = detector.model()
    listener = detector.VoiceDetector(model)
    listener.push(power, np.ones(1, np.float32))
    hidden = voice.hidden_layer(model, voice.levels(model, power))
    whole = model.outputs @ hidden + model.output_bias[:, None]
    whole = whole.reshape(OUTPUTS, seconds, PER_S).mean(axis=2).T
    edge = CONTEXT_S + 1  # silence follows the last second
    np.testing.assert_allclose(listener.logits()[:-edge, :OUTPUTS], whole[:-edge], atol=0.05)
