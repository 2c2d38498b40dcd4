"""Stand-ins are the nearest in what is known, assigned together, and fit for their phase."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.rules import Constraints
from playlist_builder.models import STYLE_SIZE, Work
from playlist_builder.playlists.listed import ListedWork
from playlist_builder.profiles.find import load_profile
from playlist_builder.sessions.offers import Gaps, nearest, quarters_of, wanted_of
from playlist_builder.tracks.track_table import TrackTable
from playlist_builder.tracks.works import style_text
from tests.support.synthetic import emotion, library, plain, track

ABSOLUTE = Objective(load_profile("steady"), Constraints(scale="absolute"), None)


def style(*ones):
    made = np.zeros(STYLE_SIZE, np.float32)
    made[list(ones)] = 1.0
    return made


def listed(energy=None, **more):
    known = {"energy": energy} if energy is not None else {}
    text = more.pop("style", None)
    known |= {"style": style_text(text)} if text is not None else {}
    return ListedWork("x", duration_s=more.pop("duration_s", 300.0), work=Work(**known), **more)


def offered(works, tracks, *, own=None, alike=None, objective=ABSOLUTE):
    """The numbers of the tracks that stand in for works, the best for each."""
    own = own or {}
    missing = [place for place in range(len(works)) if place not in own]
    gaps = Gaps(works, own, missing, alike or [[] for _ in missing], "absolute")
    return nearest(wanted_of(gaps, objective), TrackTable.of(tracks), objective)


def test_the_nearest_in_energy_stands_in_and_others_are_named():
    tracks = [plain(n, level=level) for n, level in enumerate((0.1, 0.3, 0.35, 0.9))]
    assert offered([listed(0.31)], tracks) == [[1, 2, 0]]


def test_two_works_share_the_tracks_so_that_both_fit():
    tracks = [plain(1, level=0.30), plain(2, level=0.10)]
    # One after the other the first takes the track that the second needs.
    first, second = offered([listed(0.22), listed(0.45)], tracks)
    assert (first[0], second[0]) == (1, 0)


def test_style_tension_and_length_count_beside_energy():
    calm, tense = emotion(0.1), emotion(0.8)
    near = {"level": 0.3, "style": style(1), "emotion": calm}
    for far in ({"style": style(2)}, {"emotion": tense}, {"minutes": 12.0}):
        tracks = [plain(1, **(near | far)), plain(2, **(near | {"level": 0.32}))]
        assert offered([listed(0.3, style=style(1), tension=0.1)], tracks)[0][0] == 1


def test_a_course_counts_and_not_its_mean_alone():
    rising, falling = np.linspace(0.1, 0.5, 30), np.linspace(0.5, 0.1, 30)
    work = ListedWork("x", duration_s=300.0, work=Work(contour=(0.45, 0.35, 0.25, 0.15)))
    assert offered([work], [track(1, 300.0, rising), track(2, 300.0, falling)])[0][0] == 1


def test_what_the_phase_does_not_allow_is_taken_last():
    startling = plain(1, level=0.3, startle_lu=30.0)
    assert offered([listed(0.3)], [startling, plain(2, level=0.4)])[0] == [1, 0]


def test_where_nothing_is_told_the_plan_and_the_neighbours_count():
    profile = load_profile("arc").scaled(1500.0)
    objective = Objective(profile, Constraints(scale="absolute"), None)
    works = [ListedWork(f"{n}", "B" if n else "A", duration_s=300.0) for n in range(5)]
    own = {n: plain(50 + n, style=style(3)) for n in (1, 3, 4)}
    tracks = [plain(n, level=level) for n, level in enumerate((0.9, 0.2, 0.7))]
    assert [each[0] for each in offered(works, tracks, own=own, objective=objective)] == [1, 2]
    tracks = [plain(1, level=0.7, style=style(2)), plain(2, level=0.7, style=style(3))]
    assert offered(works, tracks, own=own | {0: plain(9)}, objective=objective)[0][0] == 1


def test_lengths_even_out_so_that_what_follows_begins_at_its_time():
    works = [listed(0.3, duration_s=300.0) for _ in range(4)]
    long = [plain(n, minutes=6.5, level=0.3) for n in range(4)]
    short = [plain(10 + n, minutes=3.8, level=0.31) for n in range(4)]
    chosen = [each[0] for each in offered(works, [*long, *short])]
    lengths_s = np.array([[*long, *short][place].duration_s for place in chosen])
    late_s = np.cumsum(lengths_s - 300.0)
    assert np.abs(late_s).max() < 150.0
    assert abs(late_s[-1]) < 60.0


def test_between_calm_works_an_energy_that_is_not_told_is_calmer_than_planned():
    profile = load_profile("steady").with_level(0.8)
    objective = Objective(profile, Constraints(scale="absolute"), None)
    works = [ListedWork(f"{n}", duration_s=300.0) for n in range(3)]
    own = {0: plain(50, level=0.2), 2: plain(51, level=0.2)}
    tracks = [plain(1, level=0.8), plain(2, level=0.5), plain(3, level=0.2)]
    assert offered(works, tracks, own=own, objective=objective)[0][0] == 1
    assert offered(works[:1], tracks, objective=objective)[0][0] == 0


def test_the_artist_of_a_work_is_near_where_no_style_is_told():
    works = [ListedWork("x", "Ada", duration_s=300.0)]
    tracks = [plain(1, level=0.25), plain(2, level=0.25, artist="Ada")]
    assert offered(works, tracks)[0][0] == 1


def test_a_track_of_the_very_name_goes_first():
    tracks = [plain(1, level=0.3), plain(2, level=0.35)]
    assert offered([listed(0.3)], tracks, alike=[[1]])[0][0] == 1


def test_a_pool_that_is_used_up_leaves_works_without():
    assert offered([listed(0.3), listed(0.3)], [plain(1)]) in ([[0], []], [[], [0]])
    assert offered([listed(0.3)], []) == [[]]
    assert offered([], [plain(1)]) == []


@pytest.mark.parametrize(("count", "size", "seed"), [(1, 1, 0), (9, 4, 1), (4, 9, 2), (7, 12, 3)])
def test_every_stand_in_plays_once(count, size, seed):
    rng = np.random.default_rng(seed)
    works = [
        replace(listed(float(rng.random())), duration_s=None if rng.random() < 0.5 else 200.0)
        for _ in range(count)
    ]
    found = offered(works, library(size, seed))
    firsts = [each[0] for each in found if each]
    assert len(set(firsts)) == len(firsts) == min(count, size)
    assert all(not set(each[1:]) & set(firsts) for each in found)


def test_quarters_of_a_table_are_those_of_each_track():
    tracks = [track(1, 90.0, np.arange(9) / 10.0), track(2, 20.0, np.array([0.2, 0.6]))]
    first, second = quarters_of(TrackTable.of(tracks))
    assert first.mean() == pytest.approx(0.4)
    assert second == pytest.approx([0.2, 0.2, 0.6, 0.6])
