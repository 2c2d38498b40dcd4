"""One file is the same track alone as in a library."""

import numpy as np
import pytest

from playlist_builder.errors import AudioError
from playlist_builder.library.library import Library
from playlist_builder.library.single_file import analyse_file
from tests.support.sounds import write_noise


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("single") / "piece.flac"
    write_noise(path, 1, seconds=3)
    return path


def test_a_file_is_the_track_that_a_library_has(file, tmp_path):
    alone = analyse_file(file, vocals=False)
    with Library.open(tmp_path / "l.db") as library:
        library.scan(file, vocals=False, jobs=1)
        (kept,) = library.tracks(styles=True)
    assert (alone.path, alone.identity, alone.tags) == (kept.path, kept.identity, kept.tags)
    assert (alone.features, alone.energy) == (kept.features, kept.energy)
    assert np.array_equal(alone.contour, kept.contour)
    assert (alone.vocals, alone.heard) == (kept.vocals, kept.heard)
    assert alone.emotion.tension == kept.emotion.tension
    assert np.array_equal(alone.style, kept.style)


def test_a_scorer_says_what_its_energy_is(file):
    track = analyse_file(file, vocals=False, embedding=False, scorer=lambda *_: 0.25)
    assert (track.energy, track.contour.tolist(), track.style) == (0.25, [0.25], None)


@pytest.mark.parametrize("name", ["missing.flac", "text.flac"])
def test_what_is_no_music_is_an_error_with_the_reason(tmp_path, name):
    (tmp_path / "text.flac").write_text("no music")
    with pytest.raises(AudioError) as told:
        analyse_file(tmp_path / name)
    assert str(told.value).isprintable()
