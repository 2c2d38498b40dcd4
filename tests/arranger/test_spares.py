"""A spare is like the slot that it may stand in for, and plays nowhere else."""

from collections import Counter
from dataclasses import replace

import numpy as np

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.language.notices import notice
from playlist_builder.profiles.find import load_profile
from playlist_builder.profiles.profile import Phase, Profile, Rules
from playlist_builder.tracks.artists import artists
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import library, plain, track


def test_every_phase_has_two_or_three_spares_of_like_energy():
    tracks = library(400, 3)
    session = arrange(tracks, load_profile("arc").scaled(3600.0))
    slots = Counter(slot.phase for slot in session.slots)
    spares = Counter(each.slot.phase for each in session.spares)
    assert spares == {phase: 3 if count >= 3 else 2 for phase, count in slots.items()}
    for each in session.spares:
        slot = session.slots[each.place - 1]
        assert abs(each.slot.energy - slot.energy) <= 0.07
        assert each.slot.start_s == slot.start_s
        assert each.slot.phase == slot.phase
    played = {slot.identity for slot in (*session.slots, *session.tail)}
    identities = [each.slot.identity for each in session.spares]
    assert len(set(identities)) == len(identities)
    assert played.isdisjoint(identities)


def test_a_spare_keeps_the_rules_of_its_place():
    tracks = library(300, 4, artists=30)
    profile = load_profile("ketamine-iv")
    session = arrange(tracks, profile)
    known = {each.identity: each for each in tracks}
    order = [known[slot.identity] for slot in session.slots]
    assert session.spares
    for each in session.spares:
        spare, place = known[each.slot.identity], each.place - 1
        beside = [*order[max(place - 1, 0) : place], *order[place + 1 : place + 2]]
        assert all(artists(spare).isdisjoint(artists(other)) for other in beside)
        phase = next(p for p in profile.phases if p.name == each.slot.phase)
        assert phase.max_startle_lu is None or spare.startle_lu <= phase.max_startle_lu
        assert spare.vocals != "sung"


def test_what_is_far_in_energy_is_no_spare_and_its_lack_is_told():
    phase = Phase("only", 0.0, 600.0, 0.5, 0.5)
    profile = Profile("flat", "Flat", "", 600.0, (phase,), Rules(tail_share=0.0, tail_min_s=0.0))
    tracks = [plain(number, 5, 0.5, artist=str(number)) for number in range(2)]
    session = arrange(
        [*tracks, plain(9, 5, 0.8)], profile, constraints=Constraints(scale="absolute")
    )
    assert session.spares == ()
    assert notice("no_spare", phases=("only",)) in session.warnings
    session = arrange(
        [*tracks, plain(9, 5, 0.8), plain(8, 5, 0.55)],
        profile,
        constraints=Constraints(scale="absolute"),
    )
    assert [each.slot.path for each in session.spares] == ["/music/000008.flac"]


def test_no_phase_takes_away_the_only_spare_of_another():
    """The one track that fits both goes where nothing else does."""
    phases = (Phase("low", 0.0, 300.0, 0.4, 0.4), Phase("high", 300.0, 600.0, 0.5, 0.5))
    profile = Profile("two", "Two", "", 600.0, phases, Rules(tail_share=0.0, tail_min_s=0.0))
    tracks = [plain(0, 5, 0.4, artist="a"), plain(1, 5, 0.5, artist="b")]
    others = [plain(2, 5, 0.46, artist="c"), plain(3, 5, 0.34, artist="d")]
    session = arrange([*tracks, *others], profile, constraints=Constraints(scale="absolute"))
    assert {each.slot.phase for each in session.spares} == {"low", "high"}


def test_a_spare_known_to_be_free_of_words_comes_first_and_others_are_told():
    phase = Phase("only", 0.0, 600.0, 0.5, 0.5)
    profile = Profile("flat", "Flat", "", 600.0, (phase,), Rules(tail_share=0.0, tail_min_s=0.0))
    tracks = [plain(number, 5, 0.5, artist=str(number)) for number in range(2)]
    nearer = [plain(n, 5, 0.51, artist=str(n), vocals="unknown") for n in range(10, 13)]
    sure = [plain(n, 5, 0.55, artist=str(n)) for n in range(20, 22)]
    constraints = Constraints(pins=tuple(Pin(each.path) for each in tracks))
    session = arrange(
        [*tracks, *nearer, *sure], profile, constraints=replace(constraints, scale="absolute")
    )
    assert {each.slot.identity for each in session.spares} == {each.identity for each in sure}
    assert not any(each.code == "spares_unverified" for each in session.warnings)
    session = arrange(
        [*tracks, *nearer], profile, constraints=replace(constraints, scale="absolute")
    )
    assert notice("spares_unverified", count=2, total=2) in session.warnings


def test_of_the_tracks_that_might_be_spares_only_the_chosen_ones_are_made():
    """A track of a large library takes longer to make than to weigh by its numbers."""
    made = []

    def make(place):
        made.append(place)
        return tracks[place]

    tracks = [plain(number, 5, 0.5, artist=str(number)) for number in range(60)]
    table = TrackTable(TrackTable.of(tracks)._columns, make)  # noqa: SLF001
    phase = Phase("only", 0.0, 600.0, 0.5, 0.5)
    profile = Profile("flat", "Flat", "", 600.0, (phase,), Rules(tail_share=0.0, tail_min_s=0.0))
    session = arrange(table, profile, Constraints(scale="absolute"))
    assert len(made) == len(session.slots) + len(session.spares) == 4


def test_a_copy_of_a_spare_is_no_spare():
    phase = Phase("only", 0.0, 900.0, 0.5, 0.5)
    profile = Profile("flat", "Flat", "", 900.0, (phase,), Rules(tail_share=0.0, tail_min_s=0.0))
    tracks = [plain(number, 5, 0.5, artist=str(number)) for number in range(3)]
    twice = [plain(number, 5, 0.51, artist="x", title="Twice") for number in (7, 8)]
    other = plain(9, 5, 0.54, artist="y")
    constraints = Constraints(pins=tuple(Pin(each.path) for each in tracks))
    session = arrange([*tracks, *twice, other], profile, replace(constraints, scale="absolute"))
    found = {each.slot.identity for each in session.spares}
    assert len(found) == 2
    assert other.identity in found


def test_a_spare_does_not_rise_far_above_its_slot():
    phase = Phase("only", 0.0, 600.0, 0.3, 0.3)
    profile = Profile("flat", "Flat", "", 600.0, (phase,), Rules(tail_share=0.0, tail_min_s=0.0))
    tracks = [plain(number, 5, 0.3, artist=str(number)) for number in range(2)]
    contour = np.full(30, 0.26)
    contour[10:13] = 0.7
    constraints = Constraints(pins=tuple(Pin(each.path) for each in tracks))
    wild = track(9, 300.0, contour)
    assert not arrange(
        [*tracks, wild], profile, constraints=replace(constraints, scale="absolute")
    ).spares
