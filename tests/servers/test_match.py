"""Matching: the strongest evidence decides, what is ambiguous is not guessed, no track twice."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import ServerError
from playlist_builder.files.path_map import PathMap
from playlist_builder.models import Session, Slot, Tags
from playlist_builder.servers.checks import playlist_name
from playlist_builder.servers.match import (
    Candidate,
    KnownTrack,
    Unmatched,
    find_keys,
    known_tracks,
    mapped,
    match,
)

HERE = PathMap("/home/me/Music", "")
WANTED = KnownTrack(
    path="/home/me/Music/Ada/Quiet.flac",
    title="Quiet",
    artist="Ada",
    album="Rooms",
    duration_s=200.0,
    recording_id="5b11f4ce",
)
OTHER = Candidate("other", "else/x.flac", "Loud", "Bo", "Rooms", 300.0, "77777777")
BY_PATH = replace(OTHER, key="path", path="Ada/Quiet.flac")
BY_RECORDING = replace(OTHER, key="recording", recording_id="5B11F4CE")
BY_NAME = Candidate("name", "else/q.ogg", "QUIET ", "ada", "Another", 201.9)
BY_ALBUM = replace(BY_NAME, key="album", album="rooms")


def outcome(candidates, sought=WANTED, maps=(HERE,)):
    (key,) = match([sought], candidates, maps)
    return key.why if isinstance(key, Unmatched) else key


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([], "not found"),
        ([OTHER], "not found"),
        ([OTHER, BY_NAME], "name"),
        ([BY_NAME, BY_RECORDING], "recording"),
        ([BY_NAME, BY_RECORDING, BY_PATH], "path"),
        ([BY_NAME, replace(BY_NAME, key="twin")], "ambiguous"),
        ([BY_NAME, BY_ALBUM], "album"),
        ([BY_ALBUM, replace(BY_ALBUM, key="twin")], "ambiguous"),
        ([BY_RECORDING, replace(BY_RECORDING, key="twin")], "ambiguous"),
        # Of two files of the recording, the one with our title; not a third that has it too.
        ([BY_RECORDING, replace(BY_NAME, recording_id="5b11f4ce"), BY_ALBUM], "name"),
        ([BY_PATH, replace(BY_PATH, key="twin")], "ambiguous"),
        ([replace(BY_NAME, duration_s=202.0)], "name"),
        ([replace(BY_NAME, duration_s=198.0)], "name"),
        ([replace(BY_NAME, duration_s=202.1)], "not found"),
        ([replace(BY_NAME, duration_s=None)], "not found"),
        ([replace(BY_NAME, artist="")], "not found"),
        ([replace(BY_NAME, artist="Ada & Bo")], "not found"),
        ([replace(BY_NAME, title="\uff31uiet")], "name"),
    ],
)
def test_the_strongest_evidence_decides(candidates, expected):
    assert outcome(candidates) == expected
    assert outcome(candidates[::-1]) == expected


@pytest.mark.parametrize("artist", ["Ada; Bo", "Ada/Bo", "Ada & Bo", "ADA,Bo", "Ada feat. Bo"])
def test_what_joins_artists_says_nothing(artist):
    sought = replace(WANTED, artist="Ada, Bo", recording_id="")
    assert outcome([replace(BY_NAME, artist=artist)], sought) == "name"


def test_a_track_without_artist_or_title_is_not_known_by_its_name():
    for field in ("title", "artist"):
        blank = {field: ""}
        assert outcome([replace(BY_NAME, **blank)], replace(WANTED, **blank)) == "not found"


def test_empty_is_no_evidence():
    """Neither an empty recording id nor an empty path makes two tracks the same."""
    sought = replace(WANTED, recording_id="", title="Other")
    assert outcome([Candidate("a"), replace(OTHER, recording_id="")], sought) == "not found"


def test_names_that_a_mac_decomposed_are_known():
    sought = replace(WANTED, path=unicodedata.normalize("NFD", "/home/me/Music/ガーデン.flac"))
    composed = replace(OTHER, key="composed", path="ガーデン.flac")
    assert outcome([composed], sought) == "composed"
    exact = replace(OTHER, key="exact", path=unicodedata.normalize("NFD", "ガーデン.flac"))
    assert outcome([composed, exact], sought) == "exact"


def test_one_track_of_the_server_is_not_two_of_ours():
    """Two versions here, one there: neither is guessed. Where one is sure, the other is left."""
    twin = replace(WANTED, path="/home/me/Music/Ada/Quiet 2.flac", recording_id="")
    sure = replace(WANTED, recording_id="")
    assert [key.why for key in match([sure, twin], [BY_NAME], [HERE])] == ["ambiguous"] * 2
    by_path = replace(BY_NAME, path="Ada/Quiet.flac")
    keys = match([twin, sure], [by_path], [HERE])
    assert (keys[0].why, keys[1]) == ("not found", "name")


def test_the_same_slot_twice_is_the_same_track_twice():
    assert match([WANTED, WANTED], [BY_PATH], [HERE]) == ["path", "path"]


def test_a_path_that_no_map_holds_is_as_it_is():
    assert mapped("/music/a.flac", [PathMap("/m", "x")]) == "/music/a.flac"
    assert mapped("C:\\Music\\a.flac", []) == "C:/Music/a.flac"


@pytest.mark.parametrize(
    "name", ["", " ", "a\nclear", "a\rb", "a/b", "\0", "\udcff", "a\u2028b", "ガ" * 99]
)
def test_what_names_no_playlist_is_refused(name):
    with pytest.raises(ServerError) as caught:
        playlist_name(name)
    assert str(caught.value).isprintable()


def test_any_line_names_a_playlist():
    for name in ("arc", "ガーデン\u3000🌙", 'it\'s "so" #1 \\ %20'):
        assert playlist_name(f" {name} ") == name


def test_the_tail_is_pushed_and_the_library_knows_more():
    slot = Slot("/m/a.flac", "5f", "A", "Ada", "Rooms", 10.0, 30.5, "calm", 0.2, 0.2)
    session = Session(
        "arc", "relative", 60.0, 60.0, 0.1, 0.1, 0.1, [slot], [replace(slot, identity="60")]
    )
    tags = Tags(musicbrainz_recording_id="5b11f4ce")
    first, second = known_tracks(session, {"5f": (tags, 21.0)})
    assert first == KnownTrack("/m/a.flac", "A", "Ada", "Rooms", 21.0, "5b11f4ce")
    assert second == KnownTrack("/m/a.flac", "A", "Ada", "Rooms", 20.5)


class FakeServer:
    """A server that finds nothing by search, and counts how often all is asked for."""

    def __init__(self, candidates, found=()):
        self.candidates, self.found, self.asked = candidates, found, 0

    def search(self, _wanted, _path):
        return self.found

    def list_all(self):
        self.asked += 1
        return self.candidates


def test_all_tracks_are_read_only_where_the_search_leaves_some():
    server = FakeServer([], found=[BY_PATH])
    assert (find_keys([WANTED], server, [HERE]), server.asked) == (["path"], 0)
    server = FakeServer([BY_NAME])
    assert (find_keys([WANTED], server, [HERE]), server.asked) == (["name"], 1)


few = st.sampled_from(["", "a", "b", "c"])
sought_tracks = st.builds(
    KnownTrack,
    path=st.sampled_from(["/m/a", "/m/b", "/m/c", "/m/d"]),
    title=few,
    artist=few,
    album=few,
    duration_s=st.sampled_from([100.0, 101.0, 104.0]),
    recording_id=few,
)
server_tracks = st.builds(
    Candidate,
    key=st.sampled_from("12345678"),
    path=few,
    title=few,
    artist=few,
    album=few,
    duration_s=st.sampled_from([None, 100.0, 102.0]),
    recording_id=few,
)
M = [PathMap("/m", "")]


@given(
    st.lists(sought_tracks, max_size=6),
    st.lists(server_tracks, max_size=8, unique_by=lambda each: each.key),
    st.randoms(use_true_random=False),
)
def test_no_track_is_given_twice_and_order_is_without_effect(sought, candidates, random):
    keys = match(sought, candidates, M)
    assert len(keys) == len(sought)
    given_keys = {each: key for each, key in zip(sought, keys, strict=True) if isinstance(key, str)}
    assert len(set(given_keys.values())) == len(given_keys)
    by_key = {each.key: each for each in candidates}
    for each, key in given_keys.items():
        found = by_key[key]
        assert (
            found.path == mapped(each.path, M)
            or (found.recording_id and found.recording_id == each.recording_id)
            or ((found.title, found.artist) == (each.title, each.artist) and all(found.title))
        )
    shuffled = random.sample(candidates, len(candidates))
    places = random.sample(range(len(sought)), len(sought))
    again = match([sought[place] for place in places], shuffled, M)
    assert again == [keys[place] for place in places]


@given(
    st.lists(sought_tracks, max_size=6), st.lists(server_tracks, unique_by=lambda each: each.key)
)
def test_a_path_that_is_there_once_is_always_taken(sought, candidates):
    paths = [each.path for each in candidates]
    for each, key in zip(sought, match(sought, candidates, M), strict=True):
        path = mapped(each.path, M)
        if paths.count(path) == 1 and len({o for o in sought if o.path == each.path}) == 1:
            assert key == candidates[paths.index(path)].key


@given(st.text(), st.text(min_size=1))
def test_any_text_is_compared(title, artist):
    sought = KnownTrack("/m/a", title, artist, duration_s=1.0)
    (key,) = match([sought], [Candidate("k", "", title, artist, "", 1.0)], [])
    assert key == "k" or key.why == "not found"


def test_a_server_is_given_no_part_of_a_track():
    slot = Slot("/a", "5f", "A", "Ada", "", 0.0, 60.0, "calm", 0.2, 0.2, from_s=40.0)
    trimmed = Session("arc", "relative", 60.0, 60.0, 0.0, 0.0, 0.0, slots=(slot,))
    with pytest.raises(
        ServerError, match=r"A music server plays whole tracks, and 1 .* is trimmed"
    ):
        known_tracks(trimmed, {})
