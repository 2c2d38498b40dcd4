"""A program may say what energy is: all that follows from energy follows from that."""

import numpy as np
import pytest

from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.errors import RequestError
from playlist_builder.library.answers import answer
from playlist_builder.library.library import Library
from playlist_builder.library.scoring import contour_of
from playlist_builder.models import STYLE_SIZE, Embedding, Mark, Measurement
from tests.support.libraries import fill
from tests.support.measured import FEATURES, STEPS

MEASURED = Measurement(FEATURES, STEPS)
COUNT = len(STEPS)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("scored") / "l.db", 30)


def brightness(measured, _):
    return min(measured.features.spectral_centroid_hz / 10_000.0, 1.0)


def test_a_scorer_gives_one_number_or_one_per_step():
    assert contour_of(lambda *_: 0.25, MEASURED, None, "a").tolist() == [0.25] * COUNT
    rising = np.linspace(0.0, 1.0, COUNT)
    found = contour_of(lambda *_: rising, MEASURED, None, "a")
    assert found == pytest.approx(rising)
    assert found.dtype == np.float32


@pytest.mark.parametrize("given", [2.0, -0.1, float("nan"), [0.1] * (COUNT + 1), "calm", None, []])
def test_what_is_no_energy_is_one_line_that_says_what_to_give(given):
    with pytest.raises(RequestError, match=f"or one for each of the {COUNT} steps") as told:
        contour_of(lambda *_: given, MEASURED, None, "'a.flac'")
    assert "for 'a.flac'." in str(told.value)
    assert str(told.value).isprintable()


def test_what_goes_wrong_in_a_scorer_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        contour_of(lambda *_: 1 / 0, MEASURED, None, "a")


def test_a_library_has_the_energies_of_its_scorer(file):
    with Library.open(file) as own, Library.open(file, scorer=brightness) as other:
        before, after = own.tracks(), other.tracks()
        centroids = after.measured("spectral_centroid_hz")
        assert after.energy == pytest.approx(np.minimum(centroids / 10_000.0, 1.0))
        assert after.energy.tolist() != before.energy.tolist()
        assert [len(each.contour) for each in after] == [len(STEPS)] * 30
        assert other.find("Title 3").energy == after.by_identity()["0003"].energy
        assert own.tracks().energy.tolist() == before.energy.tolist()


def test_a_scorer_is_asked_once_for_each_track_and_gets_what_was_measured(file):
    asked = []

    def scorer(measured, embedding):
        asked.append(measured.features.spectral_centroid_hz)
        assert measured.steps.shape[1] == len(STEP_FEATURES)
        assert embedding is None or embedding.patches.shape[1] == STYLE_SIZE
        return 0.5

    with Library.open(file, scorer=scorer) as library:
        for _ in range(2):
            library.tracks()
            library.find("Title 3")
            library.calibrations()
    assert len(asked) == len(set(asked)) == 30


def test_a_mark_is_stronger_than_a_scorer(tmp_path):
    with Library.open(fill(tmp_path / "l.db", 3), scorer=lambda *_: 0.5) as library:
        library.mark("0001", Mark(energy=0.9))
        assert library.tracks().energy.tolist() == pytest.approx([0.5, 0.9, 0.5])


def test_a_scorer_gets_the_embedding_of_a_track(tmp_path):
    path = fill(tmp_path / "l.db", 2)
    patches = Embedding(np.ones((2, STYLE_SIZE), np.float32), np.zeros(2, np.float32))
    with Library.open(path) as library:
        library._database.store_embedding("0001", patches)  # noqa: SLF001 - as a scan does
    with Library.open(path, scorer=lambda _, found: 0.2 if found is None else 0.8) as library:
        assert library.tracks().energy.tolist() == pytest.approx([0.2, 0.8])


def test_answers_go_in_and_new_scores_come_out(tmp_path):
    at = "2026-05-01T10:00:00+02:00"
    with Library.open(fill(tmp_path / "l.db", 40)) as library:
        before = library.tracks()
        centroid = dict(
            zip(before.identities, before.measured("spectral_centroid_hz"), strict=True)
        )
        pairs = [(f"{n:04x}", f"{n + 20:04x}") for n in range(20)]
        pairs += [(f"{n:04x}", f"{n + 1:04x}") for n in range(0, 40, 2)]
        given = [answer("calmer", *pair, min(pair, key=centroid.get), at) for pair in pairs]
        after = library.calibrate(given)
        assert library.calibrations()["calmer"].answers == 40
        assert after.energy.tolist() != before.energy.tolist()
        assert library.tracks().energy.tolist() == after.energy.tolist()
