"""A table is the same sequence of tracks as a list of them, and gives the same sessions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger import rules
from playlist_builder.arranger.arrange import alternatives, arrange
from playlist_builder.arranger.recordings import is_repeated, repeated
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.series import series
from playlist_builder.library.database import Database
from playlist_builder.library.library import Library
from playlist_builder.models import STYLE_SIZE, Mark
from playlist_builder.playlists import session_json
from playlist_builder.profiles.find import load_profile
from playlist_builder.profiles.profile import Rules
from playlist_builder.tracks.queries import any_of, parse
from playlist_builder.tracks.track_table import SCALARS, VOCALS, TrackTable, features_of, numbers_of
from tests.benchmarks.library_scale import make_files, make_rows
from tests.support.synthetic import plain

COUNT = 300
TEN_MINUTES = Constraints(duration_s=600.0)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A library of made-up music, some of it marked, banned or gone."""
    folder = tmp_path_factory.mktemp("table")
    (folder / "music").mkdir()
    make_files(folder / "music", COUNT)
    make_rows(folder / "music", str(folder / "library.db"))
    with Database(str(folder / "library.db")) as database:
        paths = list(database.files())
        database.set_missing(paths[::50], missing=True)
    with Library.open(folder / "library.db") as library:
        for place, track in enumerate(library.tracks()):
            if place % 40 == 0:
                library.mark(track.identity, Mark(energy=place / COUNT, vocals="none"))
            if place % 40 == 1:
                library.mark(track.identity, Mark(banned=True))
        return library.tracks(missing=True)


def test_similarity_is_the_cosine_of_styles_and_unknown_without_one():
    style = np.linspace(-1.0, 1.0, STYLE_SIZE).astype(np.float32)
    other = np.zeros(STYLE_SIZE, np.float32)
    other[0] = 2.0
    styles = (style, 3.0 * style, -style, other, np.zeros(STYLE_SIZE), None)
    some = TrackTable.of([plain(number, style=each) for number, each in enumerate(styles)])
    cosine = -1.0 / np.linalg.norm(style)
    assert some.similarity(style)[:5] == pytest.approx([1.0, 1.0, -1.0, cosine, 0.0])
    assert np.isnan(some.similarity(style)[5])
    assert len(some[:0].similarity(style)) == 0


def test_columns_say_what_the_tracks_say(table):
    """Whatever is read of all at once is what each track holds."""
    for some in (
        table,
        TrackTable.of(list(table)),
        table[10:200:3],
        table.take(table.energy > 0.5),
    ):
        tracks = list(some)
        values, begins, count = some.contours()
        assert some.paths == [track.path for track in tracks]
        assert some.identities == [track.identity for track in tracks]
        assert some.titles == [track.tags.title for track in tracks]
        assert some.energy.tolist() == [track.energy for track in tracks]
        assert some.seconds.tolist() == [track.duration_s for track in tracks]
        assert [VOCALS[kind] for kind in some.vocals] == [track.vocals for track in tracks]
        assert some.banned.tolist() == [track.mark.banned for track in tracks]
        assert some.missing.tolist() == [track.missing for track in tracks]
        for track, first, steps in zip(tracks, begins, count, strict=True):
            assert values[first : first + steps].tolist() == track.contour.tolist()
        by_rank = sorted(range(len(tracks)), key=lambda place: tracks[place].identity)
        assert np.argsort(some.rank).tolist() == by_rank
        known = some.by_identity()
        assert list(known) == some.identities
        assert all(known[track.identity] is track for track in tracks)
    assert any(table.banned)
    assert any(table.missing)
    assert set(table.vocals) > {VOCALS.index("none"), VOCALS.index("sung")}


def test_a_track_is_made_once(table):
    """Whoever takes it out, from whichever part."""
    assert table[7] is table[7] is table[5:][2] is next(iter(table.take(np.array([7]))))
    assert table[-1] is list(table)[-1]


def test_features_come_back_from_their_numbers(table):
    """Whole numbers and the key included."""
    for track in table[::20]:
        again = features_of(numbers_of(track.features).tolist())
        assert again == track.features
        assert [type(getattr(again, name)) for name in SCALARS] == [
            type(getattr(track.features, name)) for name in SCALARS
        ]
    assert features_of(numbers_of(replace(table[0].features, key="")).tolist()).key == ""


@pytest.mark.parametrize(
    ("profile", "request_"),
    [
        ("arc", Constraints()),
        ("steady", Constraints(prefer=parse("genre:ambient"), exclude=parse("genre:opera"))),
        ("arc", Constraints(include=parse("-title:the"))),
    ],
)
def test_a_table_and_a_list_give_the_same_session(table, profile, request_):
    """Byte by byte."""
    told = [
        session_json.dump(
            arrange(each, load_profile(profile), constraints=replace(request_, duration_s=900.0))
        )
        for each in (table, list(table), list(table)[::-1])
    ]
    assert told[0] == told[1] == told[2]


def test_so_do_alternatives_and_series(table):
    """What goes over the same tracks again and again takes them from either."""
    for make in (alternatives, series):
        one, other = (
            [session_json.dump(s) for s in make(each, load_profile("arc"), 2, TEN_MINUTES)]
            for each in (table, list(table))
        )
        assert one == other


@settings(max_examples=25)
@given(st.data())
def test_all_at_once_is_one_by_one(table, data):
    """Rules sort out many tracks as they do each alone."""
    names = st.frozensets(st.sampled_from([*table.identities, *table.paths]), max_size=30)
    constraints = Constraints(
        bans=data.draw(names), avoid=data.draw(names), exclude=parse("genre:jazz")
    )
    own = Rules(vocals=data.draw(st.sampled_from(list(rules.ADMITTED))), track_min_s=200.0)
    passed, removed = rules.admit(table, own, constraints, 400.0)
    reasons = [rules.removal(track, own, constraints, 400.0) for track in table]
    assert passed.tolist() == [place for place, reason in enumerate(reasons) if not reason]
    assert removed == {why: reasons.count(why) for why in set(reasons) if why}


def test_what_is_asked_of_a_table_holds_for_each_track(table):
    """Which are copies of one: by identity, and by title, artist and length."""
    first = table[3]
    copy = replace(first, path="/other", identity="other")
    every = TrackTable.of([*table, copy])
    again = [is_repeated(track, [first]) for track in every]
    assert repeated(every, [first]).tolist() == again
    assert again[-1]
    assert not repeated(every, []).any()


QUERIES = (
    "genre:ambient",
    "-genre:ambient,jazz year:1960..1990",
    "year:1999",
    "artist:'artist 3'",
    "album:7",
    "comment:vinyl",
    "date:03-01",
    "path:/music/",
    "mood:calm,sad",
    "language:de",
    "vocals:sung,unknown",
    'key:"c major"',
    "night title:the",
    "energy:..0.5 peak:0.6..",
    "tension:..0.4 -moving:0.5..",
    "bpm:..100",
    "length:2..4 loudness:-20..",
    "range:..8 startle:5.. brightness:..2000",
)


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_says_of_all_at_once_what_it_says_of_each(table, text):
    some, query = table[::3], parse(text)
    expected = [query(track) for track in some]
    for each in (some, TrackTable.of(list(some)), some[:0]):
        assert query.mask(each).tolist() == expected[: len(each)]
    assert any_of([text, "year:1975"]).mask(some).tolist() == [
        found or track.tags.date.startswith("1975")
        for found, track in zip(expected, some, strict=True)
    ]


def test_tags_come_without_their_tracks(table):
    names = ("title", "artists", "genres", "track_peak", "has_lyrics", "version")
    for some in (table[:50], TrackTable.of(list(table[:50]))):
        assert [list(own) for own in some.tags(*names)] == [
            [getattr(track.tags, name) for name in names] for track in table[:50]
        ]
