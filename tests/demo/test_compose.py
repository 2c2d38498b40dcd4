"""The compositions that a newcomer hears first."""

from dataclasses import replace
from pathlib import Path

import mutagen
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder import Library
from playlist_builder.audio import decode, encode
from playlist_builder.demo import compose as demo
from playlist_builder.demo import instruments
from playlist_builder.models import KEYS
from playlist_builder.profiles.find import load_profile

RATE = instruments.SAMPLE_RATE_HZ
PIECES = demo.compositions(1)
CALMEST, DRIVING = PIECES[0], PIECES[-1]
SWELLING = next(composition for composition in PIECES if composition.swell > 0.2)


def short(composition, duration_s=16.0):
    return replace(composition, duration_s=duration_s)


def novelty(samples):
    """Mean rise of the log spectrum from frame to frame: how much begins, and how brightly."""
    frames = np.lib.stride_tricks.sliding_window_view(samples.mean(axis=0), 1024)[::512]
    level = np.log1p(10.0 * np.abs(np.fft.rfft(frames * np.hanning(1024))))
    return np.maximum(np.diff(level, axis=0), 0.0).mean()


def brightness_hz(samples):
    spectrum = np.abs(np.fft.rfft(samples.mean(axis=0)))
    hertz = np.fft.rfftfreq(samples.shape[1], 1.0 / RATE)
    return (spectrum * hertz).sum() / spectrum.sum()


def loudness_db(samples, window_s=0.4):
    size = round(window_s * RATE)
    whole = samples[:, : samples.shape[1] // size * size]
    return 10.0 * np.log10((whole.reshape(2, -1, size) ** 2).mean(axis=(0, 2)))


@given(seed=st.integers(0, 2**63))
def test_every_seed_gives_a_library_with_room_for_the_rules(seed):
    """At least 24 compositions of five artists, calm to driving, lengths of 40 to 145 seconds."""
    compositions = demo.compositions(seed)
    assert len(compositions) >= 24
    assert len({composition.title for composition in compositions}) == len(compositions)
    assert len({composition.artist for composition in compositions}) >= 5
    assert len({composition.genre for composition in compositions}) >= 3
    assert sum(composition.swell > 0.0 for composition in compositions) >= 3
    assert len({composition.duration_s for composition in compositions}) >= 24
    energies = [composition.energy for composition in compositions]
    assert energies == sorted(energies)
    assert energies[0] < 0.2
    assert energies[-1] > 0.8
    for composition in compositions:
        assert 40.0 <= composition.duration_s <= 145.0
        assert (
            0.0
            <= composition.energy - composition.swell
            <= composition.energy + composition.swell
            <= 1.0
        )
        assert composition.key in KEYS
    assert sum(composition.duration_s for composition in compositions) / 60.0 == pytest.approx(
        39.5, abs=1.0
    )


def test_no_artist_is_only_calm_or_only_driving():
    """Each artist can serve any phase of a session."""
    for artist in {composition.artist for composition in PIECES}:
        energies = [composition.energy for composition in PIECES if composition.artist == artist]
        assert min(energies) < 0.5
        assert max(energies) > 0.7


def test_the_seed_decides_everything():
    """The same seed describes the same compositions, another one others."""
    assert demo.compositions(5) == demo.compositions(5)
    assert all(
        ours != theirs
        for ours, theirs in zip(demo.compositions(5), demo.compositions(6), strict=True)
    )


def test_a_piece_always_sounds_the_same():
    """The samples do not depend on what was played before."""
    first = demo.synthesise(short(SWELLING))
    for sound in (
        instruments.sustained,
        instruments.plucked,
        instruments.bowed,
        instruments.driven,
        instruments.low,
    ):
        sound.cache_clear()
    demo.synthesise(short(CALMEST))
    assert np.array_equal(demo.synthesise(short(SWELLING)), first)
    assert not np.array_equal(demo.synthesise(replace(short(SWELLING), seed=1)), first)


@pytest.mark.parametrize(
    "composition", [CALMEST, SWELLING, DRIVING], ids=lambda composition: composition.title
)
@pytest.mark.parametrize("duration_s", [8.0, 16.0])
def test_the_samples_are_clean(composition, duration_s):
    """Stereo of the stated length, with headroom, no offset, and silence at both ends."""
    samples = demo.synthesise(short(composition, duration_s))
    assert samples.dtype == np.float32
    assert samples.shape == (2, duration_s * RATE)
    assert np.isfinite(samples).all()
    assert -8.01 < 20.0 * np.log10(np.abs(samples).max()) < -2.99
    assert np.abs(samples.mean(axis=1)).max() < 1e-3
    assert np.abs(samples[:, [0, -1]]).max() < 1e-4
    assert loudness_db(samples)[4:-10].min() > -45.0


def test_perceived_intensity_rises_with_the_energy():
    """From composition to composition up the scale, more begins and the sound is brighter."""
    rising = [
        demo.synthesise(short(composition)) for composition in PIECES[::6] if not composition.swell
    ]
    assert len(rising) >= 3
    assert np.all(np.diff([novelty(samples) for samples in rising]) > 0.0)
    assert np.all(np.diff([brightness_hz(samples) for samples in rising]) > 0.0)


def test_a_swelling_piece_builds_up():
    """Its end is brighter and busier than its beginning."""
    samples = demo.synthesise(short(SWELLING, 40.0))
    early, late = samples[:, 4 * RATE : 14 * RATE], samples[:, 26 * RATE : 36 * RATE]
    assert novelty(late) > 1.3 * novelty(early)
    assert brightness_hz(late) > 1.3 * brightness_hz(early)


def test_a_calm_piece_holds_no_surprise():
    """Once it has faded in, the loudness never rises by more than 6 dB within a second."""
    level = loudness_db(demo.synthesise(short(CALMEST, 40.0)), window_s=0.5)[8:]
    assert max(level[1:] - level[:-1]) < 6.0
    assert max(level[2:] - level[:-2]) < 6.0


@pytest.fixture
def two_compositions(monkeypatch):
    compositions = [short(CALMEST, 5.0), short(DRIVING, 6.0)]
    monkeypatch.setattr(demo, "compositions", lambda _seed: compositions)
    return compositions


def test_the_files_hold_the_pieces_and_their_tags(two_compositions, tmp_path):
    """FLAC of 16 bits, tagged as music without words."""
    paths = demo.write(tmp_path / "new" / "demo", seed=1)
    assert sorted(paths) == sorted((tmp_path / "new" / "demo").iterdir())
    for composition, path in zip(two_compositions, paths, strict=True):
        file = mutagen.File(path)
        assert file.info.bits_per_sample == 16
        assert file.info.length == composition.duration_s
        assert dict(file.tags) | {"encoder": []} == {
            "title": [composition.title],
            "artist": [composition.artist],
            "album": [composition.album],
            "genre": [composition.genre],
            "date": [demo.DATE],
            "language": ["zxx"],
            "encoder": [],
        }
        with decode.AudioFile(str(path)) as recording:
            decoded = np.concatenate(list(recording.blocks()), axis=1)
        assert np.abs(decoded - demo.synthesise(composition)).max() < 1e-4


@pytest.mark.usefixtures("two_compositions")
def test_a_file_that_is_there_is_never_replaced(tmp_path):
    """Writing again fills the gaps and leaves the rest as it is."""
    first, second = demo.write(tmp_path, seed=1)
    first.write_bytes(b"the user's own")
    second.unlink()
    assert demo.write(tmp_path, seed=1) == [first, second]
    assert first.read_bytes() == b"the user's own"
    assert second.stat().st_size > 1000


@pytest.mark.usefixtures("two_compositions")
def test_an_interrupted_run_is_taken_up_again(tmp_path, monkeypatch):
    """Half a file is not mistaken for a composition."""

    def stop_halfway(path, *_):
        Path(path).write_bytes(b"fLaC")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(encode, "write_flac", stop_halfway)
        with pytest.raises(KeyboardInterrupt):
            demo.write(tmp_path, seed=1)
    assert not list(tmp_path.glob("*.flac"))
    paths = demo.write(tmp_path, seed=1)
    assert sorted(paths) == sorted(tmp_path.iterdir())


def test_the_music_spans_the_scale_by_our_own_score(demo_library):
    """A third is calm, some reach what the peak of a profile asks for, and none has a voice."""
    with Library.open(demo_library[1]) as library:
        tracks = library.tracks()
    energies = sorted(track.energy for track in tracks)
    assert energies[len(energies) // 3] < 0.2
    assert energies[-4] > 0.7
    assert energies[-1] > load_profile("arc").target(np.arange(0.0, 3600.0, 10.0)).max()
    assert np.diff(energies).max() < 0.2
    assert {track.vocals for track in tracks} == {"none"}
