"""Tracks are read with what the user's answers add to their scores; marks are stronger."""

import dataclasses

import numpy as np
import pytest

from playlist_builder.library import calibration, tracks
from playlist_builder.library.answers import answer
from playlist_builder.library.database import Database
from playlist_builder.library.library import Library
from playlist_builder.models import Mark
from tests.support.libraries import duller, fill


@pytest.fixture
def path(tmp_path):
    return fill(tmp_path / "library.db")


@pytest.fixture
def library(path):
    with Library.open(path) as opened:
        yield opened


def listen(library, count, chosen=duller, seed=0):
    """Answer `count` questions; `chosen` returns the identity that is chosen of two tracks."""
    questions = library.questions()
    for number in range(count):
        pair = questions.next(library.answers.all(), seed)
        said = chosen(pair.first, pair.second)
        at = f"2026-01-01T00:{number:02d}:00+00:00"
        shown = pair.first.identity, pair.second.identity
        library.answers.store([answer(pair.question, *shown, said, at)])


def brightness_slope(table):
    bright = np.log(table.measured("spectral_centroid_hz"))
    return np.polyfit(bright, table.energy, 1)[0]


def test_answers_move_energy_and_contour_alike(library):
    before = library.tracks()
    listen(library, 30)
    after = library.tracks()
    moved = after.energy - before.energy
    assert np.corrcoef(moved, np.log(after.measured("spectral_centroid_hz")))[0, 1] > 0.8
    assert 0.05 < np.abs(moved).max() <= 0.2
    assert abs(moved.mean()) < 0.05
    for one, other in zip(before, after, strict=True):
        assert other.contour.mean() == pytest.approx(other.energy, abs=1e-6)
        assert (np.sign(other.contour - one.contour) == np.sign(other.energy - one.energy)).all()


def test_a_single_track_is_read_as_it_is_among_all(library):
    listen(library, 30)
    (among,) = (track for track in library.tracks() if track.identity == "0005")
    alone = library.find("/m/5.flac")
    assert alone.energy == pytest.approx(among.energy, abs=1e-9)
    assert alone.contour == pytest.approx(among.contour, abs=1e-6)


def test_a_mark_is_stronger_than_the_answers(library):
    listen(library, 30)
    library.mark("0005", Mark(energy=0.123))
    assert library.find("/m/5.flac").energy == pytest.approx(0.123)


def test_answers_that_do_not_help_change_nothing(library):
    before = library.tracks().energy
    rng = np.random.default_rng(0)
    listen(library, 20, lambda *pair: pair[rng.integers(2)].identity)
    assert library.calibrations()["calmer"].correction is None
    assert np.array_equal(library.tracks().energy, before)


def test_what_is_forgotten_changes_nothing_any_more(library):
    before = library.tracks().energy
    listen(library, 30)
    assert not np.array_equal(library.tracks().energy, before)
    library.answers.forget()
    assert np.array_equal(library.tracks().energy, before)


def test_answers_about_tracks_that_are_gone_are_kept_for_later(path, library):
    listen(library, 30)
    table = library.tracks()
    gone = {each.first for each in library.answers.all()}
    files = [table.by_identity()[identity].path for identity in sorted(gone)]
    with Database(str(path)) as database:
        database.forget(files)
    assert library.calibrations()["calmer"].answers < 30
    assert len(library.answers.all()) == 30
    library.tracks()


def test_questions_are_about_tracks_that_a_session_may_use(path, library):
    table = library.tracks()
    for track in table[:40]:
        library.mark(track.identity, Mark(banned=True))
    for track in table[40:60]:
        library.mark(track.identity, Mark(vocals="sung"))
    with Database(str(path)) as database:
        database.set_missing([track.path for track in table[60:80]], missing=True)
    usable = set(table[80:].identities)
    listen(library, 20)
    asked = {each.first for each in library.answers.all()}
    asked |= {each.second for each in library.answers.all()}
    assert asked <= usable


def test_the_same_seed_asks_the_same(path):
    def asked(seed):
        with Library.open(path) as library:
            library.answers.forget()
            listen(library, 12, seed=seed)
            return [dataclasses.replace(each, at="") for each in library.answers.all()]

    assert asked(1) == asked(1) != asked(2)
    assert asked(-1) == asked(-1)


@pytest.mark.parametrize("options", [{"count": 1}, {"artists": 1}, {"duration_s": 30.0}])
def test_where_no_two_tracks_can_be_compared_nothing_is_asked(tmp_path, options):
    with Library.open(fill(tmp_path / "other.db", **options)) as library:
        assert library.questions().next([], 0) is None


def test_tension_is_asked_about_and_corrected_where_it_is_known(library, monkeypatch):
    """Of ten questions three are about tension."""

    def known(features):
        places = np.array([int(identity, 16) for identity in features.identities], np.int64)
        return dataclasses.replace(real(features), tension=0.2 + places * 37 % 120 / 200.0)

    real = calibration.scores_of
    monkeypatch.setattr(calibration, "scores_of", known)
    monkeypatch.setattr(tracks, "scores_of", known)
    monkeypatch.setattr("playlist_builder.library.questions.scores_of", known)
    before = library.tracks().tension

    def brighter(first, second):
        return next(
            each.identity for each in (first, second) if each.identity != duller(first, second)
        )

    listen(library, 50, brighter)
    kinds = [each.question for each in library.answers.all()]
    assert kinds[:10].count("tenser") == 3
    assert kinds.count("tenser") == 15
    found = library.calibrations()
    assert found["tenser"].correction is not None
    table = library.tracks()
    moved = table.tension - before
    assert np.corrcoef(moved, np.log(table.measured("spectral_centroid_hz")))[0, 1] > 0.7
    assert np.abs(moved).max() <= 0.2
