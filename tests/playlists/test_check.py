"""Music that has moved is known again; where that is not certain, it is missing."""

from collections import Counter

import pytest

from playlist_builder.models import File, Stat, Tags
from playlist_builder.playlists.check import check
from playlist_builder.playlists.read import Entry, candidate_paths


def file(path, identity, title="", artist="", length_s=200.0):
    tags = Tags(title=title, artists=(artist,) if artist else ())
    return File(path, Stat(1, 1), identity, tags), length_s


LIBRARY = [
    file("/m/old/a.mp3", "1"),
    file("/m/new/renamed.mp3", "1", "Thaw", "Ada"),
    file("/m/new/b.mp3", "2", "Deep", "Ada"),
    file("/m/x/intro.mp3", "3", "Intro", "X", 60.0),
    file("/m/y/intro.mp3", "4", "Intro", "Y", 90.0),
    file("/m/copy1/c.mp3", "5"),
    file("/m/nebula/01.mp3", "6", "Nebula", "Z"),
    file("/m/copy2/sub/c.mp3", "5"),
]
THERE = {each.path for each, _ in LIBRARY} - {"/m/old/a.mp3"}


def found(*entries, identities=()):
    findings = check(entries, "/m", THERE.__contains__, lambda: LIBRARY, identities)
    return [(each.state, each.path, each.by) for each in findings]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry("new/b.mp3"), ("there", "/m/new/b.mp3", "")),
        (Entry("http://x.org/b.mp3"), ("remote", "", "")),
        (Entry("old/a.mp3"), ("moved", "/m/new/renamed.mp3", "music")),
        (Entry("gone/b.mp3"), ("moved", "/m/new/b.mp3", "name")),
        (Entry("D:\\Music\\B.MP3"), ("moved", "/m/new/b.mp3", "name")),
        (Entry("file:///gone/b.mp3"), ("moved", "/m/new/b.mp3", "name")),
        (Entry("gone/b.mp3", "", 201.0), ("moved", "/m/new/b.mp3", "name")),
        (Entry("gone/b.mp3", "", 99.0), ("missing", "", "")),
        (Entry("gone/intro.mp3"), ("missing", "", "")),
        (Entry("gone/intro.mp3", "", 90.0), ("moved", "/m/y/intro.mp3", "name")),
        (Entry("gone/intro.mp3", "X - Intro"), ("moved", "/m/x/intro.mp3", "name")),
        (Entry("gone/other.mp3", "Ada - Thaw", 200.0), ("moved", "/m/new/renamed.mp3", "title")),
        (Entry("gone/other.mp3", "Ada - Thaw"), ("missing", "", "")),
        (Entry("gone/other.mp3", "Intro", 75.0), ("missing", "", "")),
        (Entry("far/sub/c.mp3"), ("moved", "/m/copy2/sub/c.mp3", "name")),
        (Entry("nothing.mp3", "Nothing", 3.0), ("missing", "", "")),
        (Entry("gone/01.mp3"), ("missing", "", "")),
        (Entry("gone/nebula/01.mp3"), ("moved", "/m/nebula/01.mp3", "name")),
        (Entry("gone/01.mp3", "Enya - Only Time"), ("missing", "", "")),
        (Entry("gone/01.mp3", "Enya - Only Time", 200.0), ("missing", "", "")),
        (Entry("gone/01.mp3", "Z - Nebula"), ("moved", "/m/nebula/01.mp3", "name")),
    ],
)
def test_an_entry_is_found_or_missing(entry, expected):
    assert found(entry) == [expected]


def test_a_session_knows_its_music_by_identity():
    assert found(Entry("/gone/q.mp3"), identities=["2"]) == [("moved", "/m/new/b.mp3", "music")]


def test_the_library_is_not_opened_where_all_is_there():
    findings = check([Entry("new/b.mp3")], "/m", THERE.__contains__, lambda: 1 / 0)
    assert [each.number for each in findings] == [1]


@pytest.mark.parametrize(
    "entry",
    [
        lambda number: Entry(f"gone/x{number}/01.mp3"),
        lambda number: Entry(f"gone/x{number}/a.mp3"),
        lambda number: Entry(f"gone/x{number}/01.mp3", "", float(number)),
        lambda number: Entry(f"gone/x{number}/01.mp3", "Intro"),
        lambda number: Entry(f"gone/x{number}/x.mp3", "Intro", 60.0),
    ],
)
def test_names_and_titles_of_many_files_are_looked_for_once(entry):
    """Neither each file for each entry, nor one path of an entry again and again."""
    count, asked = 200, Counter()
    library = [
        file(f"/m/{number}/{name}.mp3", f"{number}{name}", "Intro", "", 60.0)
        for number in range(count)
        for name in ("01", "a")
    ]

    def exists(path):
        asked[path] += 1
        return not path.startswith("/m/gone")

    entries = [entry(number) for number in range(count)]
    found = check(entries, "/m", exists, lambda: library)
    assert {each.state for each in found} == {"missing"}
    assert set(asked.values()) == {1}


def test_a_name_of_ascii_is_one_path():
    assert len(list(candidate_paths(Entry("a/b.mp3"), "/m"))) == 1
    assert len(list(candidate_paths(Entry("a/%41.mp3"), "/m"))) == 2
