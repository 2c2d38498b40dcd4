"""What the library keeps of a track's embedding reaches the track: level, emotion and style."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from playlist_builder.analysis import emotion, energy
from playlist_builder.errors import LibraryError
from playlist_builder.library.columns import recording_id_of, tag_columns
from playlist_builder.library.library import Library
from playlist_builder.library.packed import pack, unpack
from playlist_builder.library.tracks import read_tracks
from playlist_builder.models import STYLE_SIZE, Embedding, File, Measurement, Stat, Tags
from playlist_builder.tracks.queries import parse
from tests.library.test_library import write
from tests.support.measured import FEATURES, STEPS

STARTS_S = np.array([0.0, 12.0, 24.0], np.float32)


def patches(seed):
    return np.random.default_rng(seed).normal(size=(3, STYLE_SIZE)).astype(np.float16)


def kept(seed):
    return unpack(pack(patches(seed)), STYLE_SIZE)


@pytest.fixture
def library(tmp_path):
    """Three recordings: two with an embedding, and one that has none."""
    with Library.open(tmp_path / "library.db") as opened:
        database = opened._database  # noqa: SLF001 - rows as a scan leaves them
        for name in "abc":
            database.store(File(f"/{name}", Stat(1, 2), name, Tags()), Measurement(FEATURES, STEPS))
        for seed, name in enumerate("ab"):
            database.store_embedding(name, Embedding(patches(seed), STARTS_S))
        yield opened


def test_an_embedding_sets_level_and_emotion(library):
    first, second, without = library.tracks()
    for seed, track in enumerate((first, second)):
        own = Embedding(kept(seed), STARTS_S)
        (contour,) = energy.contours([STEPS], [own])
        np.testing.assert_allclose(track.contour, contour, atol=1e-6)
        found = emotion.estimate(own.patches)
        assert track.emotion.tension == pytest.approx(found.tension, abs=1e-6)
        assert track.emotion.tension_spread == pytest.approx(found.tension_spread, abs=1e-6)
        assert track.emotion.moving == pytest.approx(found.moving, abs=1e-6)
        expected = emotion.contour(STARTS_S, found.patches, len(contour))
        np.testing.assert_allclose(track.emotion.tension_contour, expected, atol=1e-6)
    assert without.emotion is None
    np.testing.assert_allclose(without.contour, energy.contours([STEPS])[0], atol=1e-6)
    table = library.tracks()
    assert (
        np.isnan(table.tension).tolist() == np.isnan(table.moving).tolist() == [False] * 2 + [True]
    )


def test_styles_are_read_where_they_are_asked_for(library):
    database = library._database  # noqa: SLF001 - as above
    assert np.isnan(read_tracks(database, missing=False).style).all()
    style = read_tracks(database, missing=False, styles=True).style
    np.testing.assert_allclose(style[0], kept(0).mean(axis=0, dtype=np.float32), atol=1e-6)
    assert np.isnan(style[2]).all()
    styled = library.tracks(styles=True)
    np.testing.assert_array_equal(styled[0].style, style[0])
    assert styled[2].style is library.tracks()[0].style is None
    np.testing.assert_array_equal(styled.take(np.array([1])).style[0], style[1])
    near, cosines = library.similar(library.tracks()[0])
    assert near.paths == ["/b"]
    assert cosines.shape == (1,)


def test_measuring_again_keeps_what_the_embedding_says(library):
    before = library.tracks()[0].contour
    database = library._database  # noqa: SLF001 - as above
    database.store_measured("a", Measurement(FEATURES, STEPS))
    after = library.tracks()[0]
    np.testing.assert_array_equal(after.contour, before)
    assert after.emotion is not None


def test_a_scan_embeds_and_one_without_can_be_made_up_for(tmp_path):
    (tmp_path / "music").mkdir()
    for number in range(2):
        write(tmp_path / "music" / f"{number}.flac", number)
    with Library.open(tmp_path / "library.db") as library:
        assert library.scan(tmp_path / "music", embedding=False).analysed == 2
        coarse = library.tracks()
        assert all(track.emotion is None for track in coarse)
        report = library.scan(tmp_path / "music")
        assert (report.analysed, report.embeddings_analysed) == (0, 2)
        assert all(track.emotion is not None for track in library.tracks())
        assert library.scan(tmp_path / "music").unchanged == 2


def test_a_silent_track_has_no_style(library):
    database = library._database  # noqa: SLF001 - as above
    database.store_embedding("c", Embedding(np.zeros((0, STYLE_SIZE)), np.zeros(0, np.float32)))
    assert np.isnan(read_tracks(database, missing=False, styles=True).style[2]).all()
    assert library.tracks()[2].emotion is None
    with pytest.raises(LibraryError, match="unless it is silence"):
        library.similar(library.tracks()[2])


@pytest.mark.parametrize("text", ["{", "[]", '{"genres": "Folk"}', '{"genres": [1]}'])
def test_tags_that_no_scan_wrote_are_refused_in_columns_as_in_tracks(library, text):
    with closing(sqlite3.connect(library._database.path)) as raw, raw:  # noqa: SLF001 - as above
        raw.execute("UPDATE files SET tags = ? WHERE path = CAST('/b' AS BLOB)", (text,))
    table = library.tracks()
    for read in (lambda: list(table.tags("genres")), lambda: parse("genre:x").mask(table)):
        with pytest.raises(LibraryError, match=r"library\.db"):
            read()
    with pytest.raises(LibraryError, match=r"library\.db"):
        table[1]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_recording_id_is_read_from_the_tags_of_every_version(separators):
    """And from what `tag_columns` writes, or equal ids would never be one recording."""
    tags = Tags(title="T", artists=('"A"',), musicbrainz_recording_id="5b11f4ce")
    _, text = tag_columns(tags)
    text = json.dumps(json.loads(text), separators=separators)
    assert recording_id_of(text) == "5b11f4ce"
    assert recording_id_of(tag_columns(tags)[1]) == "5b11f4ce"
    assert not recording_id_of(tag_columns(Tags(title="T", artists=("A",)))[1])


def test_a_style_that_no_scan_wrote_is_refused_when_it_is_needed(library):
    with closing(sqlite3.connect(library._database.path)) as raw, raw:  # noqa: SLF001 - as above
        raw.execute("UPDATE embeddings SET patches = x'00' WHERE identity = 'b'")
    tracks = library.tracks(styles=True)
    with pytest.raises(LibraryError, match="contains invalid rows"):
        _ = tracks.style
    with pytest.raises(LibraryError, match="contains invalid rows"):
        _ = tracks[1]
