"""Loudness is that of BS.1770-4, EBU Tech 3341 and 3342; a sudden rise is told from a fade."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.analysis import features, loudness

STEREO = ("FL", "FR")


def sine(dbfs, seconds, rate=48000, hertz=1000.0):
    return 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def measure(samples, channels=STEREO, rate=48000):
    samples = np.asarray(samples, np.float32)
    blocks = (samples[:, i : i + 2 * rate] for i in range(0, samples.shape[1], 2 * rate))
    return features.measure(blocks, sample_rate_hz=rate, channels=channels).features


def both(*parts, rate=48000):
    """Return stereo from (dBFS, seconds) pairs, alike in both channels."""
    mono = np.concatenate([sine(dbfs, seconds, rate) for dbfs, seconds in parts])
    return np.stack([mono, mono])


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
def test_a_full_scale_sine_in_one_channel_reads_minus_3_01_at_any_rate(rate):
    """BS.1770-4 states this value for 997 Hz."""
    left = sine(0.0, 5, rate, 997.0)
    result = measure([left, np.zeros_like(left)], rate=rate)
    assert result.loudness_lufs == pytest.approx(-3.01, abs=0.1)
    assert result.sample_peak_dbfs == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_the_signals_of_ebu_tech_3341_read_as_stated(parts, expected):
    """These are test cases 1 to 5, each with the tolerance of the document."""
    assert measure(both(*parts)).loudness_lufs == pytest.approx(expected, abs=0.1)


def test_surround_channels_count_more_and_lfe_nothing():
    """Test case 6 of EBU Tech 3341, with a loud LFE on top."""
    levels = [-28, -28, -24, 0, -30, -30]
    names = ("FL", "FR", "FC", "LFE", "SL", "SR")
    result = measure([sine(level, 10) for level in levels], names)
    assert result.loudness_lufs == pytest.approx(-23.0, abs=0.1)
    assert loudness.channel_weights(names).tolist() == pytest.approx([1, 1, 1, 0, 1.41, 1.41])


@pytest.mark.parametrize(
    ("levels", "expected"), [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20)]
)
def test_the_signals_of_ebu_tech_3342_have_the_stated_range(levels, expected):
    """These are its test cases 1 to 3: two levels of 20 s each."""
    result = measure(both(*((level, 20) for level in levels)))
    assert result.loudness_range_lu == pytest.approx(expected, abs=1.0)


def test_silence_reads_minus_70_and_has_no_range_and_no_surprise():
    result = measure(np.zeros((2, 48000 * 5)))
    assert result.loudness_lufs == loudness.SILENCE_LUFS
    assert result.start_loudness_lufs == result.end_loudness_lufs == loudness.SILENCE_LUFS
    assert result.loudness_range_lu == 0.0
    assert result.startle_lu == 0.0


def test_gain_moves_loudness_by_as_much():
    samples = both((-30, 10), (-24, 10))
    quiet, loud = measure(samples), measure(samples * 10 ** (6 / 20))
    assert loud.loudness_lufs - quiet.loudness_lufs == pytest.approx(6.0, abs=0.01)
    assert loud.startle_lu == pytest.approx(quiet.startle_lu, abs=0.01)


def test_start_and_end_are_measured_over_ten_seconds_each():
    result = measure(both((-40, 10), (-20, 10), (-30, 10)))
    assert result.start_loudness_lufs == pytest.approx(-40.0, abs=0.2)
    assert result.end_loudness_lufs == pytest.approx(-30.0, abs=0.2)


def steps_of_power(*lufs_and_seconds):
    return np.concatenate(
        [
            np.full(round(seconds / loudness.BLOCK_S), 10 ** ((lufs + 0.691) / 10))
            for lufs, seconds in lufs_and_seconds
        ]
    )


@settings(max_examples=20)
@given(st.lists(st.floats(3.2, 90.0), min_size=1, max_size=5), st.floats(-60.0, -5.0))
def test_the_longest_silence_is_found_wherever_it_is(lengths_s, level_db):
    """Silences of any length and place, with music between them and at the end."""
    passages = [passage for length in lengths_s for passage in ((-110.0, length), (level_db, 4.0))]
    starts_s = np.cumsum([0.0, *(round(length, 1) for _, length in passages)])[::2]
    power = steps_of_power(*passages)
    at_s, lasts_s = loudness.longest_silence_s(loudness.silent_blocks(power))
    assert lasts_s == pytest.approx(max(round(length, 1) for length in lengths_s), abs=0.11)
    assert np.abs(starts_s - at_s).min() < 0.11


@settings(max_examples=30)
@given(st.lists(st.integers(0, 120), max_size=20), st.integers(1, loudness.CLICK_BLOCKS))
def test_clicks_end_no_silence_wherever_they_are(gaps, lasts):
    """So are the scratches of a record: seldom, or side by side."""
    silent = np.ones(loudness.BESIDE_BLOCKS + sum(gaps) + 60, np.bool_)
    at = np.cumsum([loudness.BESIDE_BLOCKS, *(gap + 12 for gap in gaps)])[: len(gaps) or 1]
    for start in at[at < len(silent) - 30]:
        silent[start : start + lasts] = False
    whole = len(silent) * loudness.BLOCK_S
    assert loudness.longest_silence_s(silent) == (0.0, pytest.approx(whole))
    assert loudness.edge_silences_s(silent) == (pytest.approx(whole),) * 2
    played = np.concatenate([silent, np.zeros(40, np.bool_), silent])
    assert loudness.edge_silences_s(played) == (pytest.approx(whole),) * 2


@pytest.mark.parametrize("beat_blocks", [4, 5, 6, 8])
def test_a_dry_pulse_is_music(beat_blocks):
    silent = np.arange(300) % beat_blocks >= 2
    assert loudness.longest_silence_s(silent) == (0.0, 0.0)


def test_rests_and_soft_passages_are_no_silence():
    for power in (
        steps_of_power(*[(-110, 2.5), (-20, 1)] * 9),
        steps_of_power((-20, 9), (-58, 30)),
    ):
        assert loudness.longest_silence_s(loudness.silent_blocks(power)) == (0.0, 0.0)


def test_a_jump_of_20_db_startles_by_20_lu():
    assert measure(both((-40, 15), (-20, 5))).startle_lu == pytest.approx(20.0, abs=1.0)


@pytest.mark.parametrize("jump", [3.0, 6.0, 12.0])
def test_a_jump_startles_by_its_height(jump):
    power = steps_of_power((-30, 15), (-30 + jump, 30))
    assert loudness.startle_lu(power) == pytest.approx(jump, abs=0.01)


def test_a_drop_and_a_slow_fade_startle_nobody():
    """A rise of 20 LU over 80 s leads the ten seconds before by no more than 2 LU."""
    assert loudness.startle_lu(steps_of_power((-20, 15), (-40, 15))) == pytest.approx(0, abs=0.01)
    fade = np.concatenate([steps_of_power((-40 + i * 0.025, 0.1)) for i in range(800)])
    assert 0.0 < loudness.startle_lu(fade) < 2.0


def test_a_surprise_out_of_silence_is_held_at_the_floor():
    """Silence before counts as 20 LU below the track, so the start of a track is no infinity."""
    power = steps_of_power((-100, 15), (-20, 15))
    assert loudness.startle_lu(power) == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize("count", [1, 3, 4, 19, 20, 29, 30])
def test_a_short_passage_has_finite_values(count):
    power = np.full(count, 0.01)
    assert loudness.integrated_lufs(power) == pytest.approx(-20.691)
    assert loudness.range_lu(power) == pytest.approx(0.0, abs=1e-9)
    assert loudness.startle_lu(power) == pytest.approx(0.0, abs=1e-9)


def test_an_empty_passage_is_silent():
    assert loudness.mean_lufs(np.zeros(0)) == loudness.SILENCE_LUFS
