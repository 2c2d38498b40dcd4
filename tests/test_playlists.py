"""Playlists of other programs are read as they are met: every entry, and nothing but entries."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import PlaylistBuilderError, PlaylistError
from playlist_builder.playlists import Entry, load, located, meanings, parse

XSPF = (
    '<?xml version="1.0"?><playlist xmlns="http://xspf.org/ns/0/">'
    "<trackList>{}</trackList></playlist>"
)


def locations(data, name="a.m3u8"):
    return [entry.location for entry in parse(data, name)]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.m3u", b"one.mp3\ntwo.mp3\n", ["one.mp3", "two.mp3"]),
        ("a.m3u", b"one.mp3", ["one.mp3"]),
        ("a.m3u8", b"#EXTM3U\n#EXTINF:3,A - B\none.mp3\n", ["one.mp3"]),
        ("a.m3u8", b"\xef\xbb\xbf#EXTM3U\r\none.mp3\r\n", ["one.mp3"]),
        ("a.m3u8", b"\xef\xbb\xbfone.mp3\r\ntwo.mp3", ["one.mp3", "two.mp3"]),
        ("a.m3u", b"one.mp3\rtwo.mp3\r", ["one.mp3", "two.mp3"]),
        ("a.m3u", b"\n\n  \none.mp3\n\n", ["one.mp3"]),
        ("a.m3u", b"# a comment\n#\none.mp3", ["one.mp3"]),
        ("a.m3u", "caf\u00e9.mp3".encode("cp1252"), ["caf\u00e9.mp3"]),
        ("a.m3u", "caf\u00e9.mp3".encode(), ["caf\u00e9.mp3"]),
        ("a.m3u", "#EXTM3U\ncaf\u00e9.mp3".encode("utf-16"), ["caf\u00e9.mp3"]),
        ("a.m3u", b"C:\\Music\\one.mp3", ["C:\\Music\\one.mp3"]),
        ("a.m3u", b"file:///music/a%20b.mp3", ["file:///music/a%20b.mp3"]),
        ("a.m3u", b"./#one.mp3\n./ two.mp3", ["./#one.mp3", "./ two.mp3"]),
        (
            "a.m3u",
            "line\u2028separator.mp3\nform\x0cfeed.mp3".encode(),
            ["line\u2028separator.mp3", "form\x0cfeed.mp3"],
        ),
        ("a", b"#EXTM3U\none.mp3", ["one.mp3"]),
        (
            "a.pls",
            b"[playlist]\nFile1=one.mp3\nTitle1=One\nFile2=two.mp3\nNumberOfEntries=2",
            ["one.mp3", "two.mp3"],
        ),
        ("a.pls", b"[Playlist]\r\nfile2=two.mp3\r\nfile1=one.mp3\r\n", ["one.mp3", "two.mp3"]),
        ("a.pls", b"File10=ten.mp3\nFile9=nine.mp3", ["nine.mp3", "ten.mp3"]),
        ("a.pls", b"\xef\xbb\xbf[playlist]\nFile1=a=b.mp3", ["a=b.mp3"]),
        ("a.txt", b"[playlist]\nFile1=one.mp3", ["one.mp3"]),
        (
            "a.xspf",
            XSPF.format("<track><location>one.mp3</location></track>").encode(),
            ["one.mp3"],
        ),
        (
            "a.xspf",
            XSPF.format(
                "<track><title>T</title><location> a&amp;b.mp3 </location></track><track/>"
            ).encode(),
            ["a&b.mp3"],
        ),
        (
            "a.xspf",
            b"<playlist><trackList><track><location>one.mp3</location></track></trackList></playlist>",
            ["one.mp3"],
        ),
    ],
)
def test_entries(name, data, expected):
    assert locations(data, name) == expected


def test_titles_are_kept():
    assert parse(b"#EXTINF:12,A - B\none.mp3\ntwo.mp3", "a.m3u") == [
        Entry("one.mp3", "A - B"),
        Entry("two.mp3"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.m3u", b"", "holds no entry"),
        ("a.m3u", b"#EXTM3U\n", "holds no entry"),
        ("a.doc", b"x", "no playlist that is known here"),
        ("a.xspf", b"<playlist><trackList>", "not sound XML"),
        (
            "a.xspf",
            b'<!DOCTYPE x [<!ENTITY a "aaaa">]><playlist>&a;</playlist>',
            "declares entities",
        ),
        ("a.json", b"{}", "is not a session"),
    ],
)
def test_what_is_no_playlist_is_one_line(name, data, message):
    with pytest.raises(PlaylistBuilderError, match=message) as caught:
        parse(data, name)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200), st.sampled_from(["a.m3u", "a.pls", "a.xspf", "a.json", "a"]))
def test_any_bytes_are_entries_or_one_line(data, name):
    try:
        found = parse(data, name)
    except PlaylistBuilderError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert found
        for entry in found:
            assert all("\0" not in path for path in meanings(entry.location, "/m"))


@pytest.mark.parametrize(
    ("location", "there"),
    [
        ("a b.mp3", "/m/a b.mp3"),
        ("../x/a.mp3", "/x/a.mp3"),
        ("/other/a.mp3", "/other/a.mp3"),
        ("a%20b.mp3", "/m/a b.mp3"),
        ("100%25.mp3", "/m/100%25.mp3"),
        ("100%25.mp3", "/m/100%.mp3"),
        ("sub\\a.mp3", "/m/sub/a.mp3"),
        ("sub\\a%20b.mp3", "/m/sub/a b.mp3"),
        ("file:///x/a%20b.mp3", "/x/a b.mp3"),
        ("file:///x/a#b?c.mp3", "/x/a#b?c.mp3"),
        ("file://localhost/x/a+b.mp3", "/x/a+b.mp3"),
        ("cafe\u0301.mp3", "/m/caf\u00e9.mp3"),
        ("caf\u00e9.mp3", "/m/cafe\u0301.mp3"),
        ("./#1.mp3", "/m/#1.mp3"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_an_entry_is_found_in_the_form_in_which_it_is_there(location, there):
    assert located([Entry(location)], "/m", {there}.__contains__) == ([there], [])


def test_the_most_literal_meaning_comes_first():
    both = {"/m/a%20b.mp3", "/m/a b.mp3"}
    assert located([Entry("a%20b.mp3")], "/m", both.__contains__)[0] == ["/m/a%20b.mp3"]


def test_addresses_on_a_network_are_never_files():
    entries = [Entry("http://example.org/a.mp3"), Entry("smb://host/a.mp3")]
    assert located(entries, "/m", lambda _: True) == ([], entries)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(PlaylistError, match="Cannot read playlist"):
        load(tmp_path / "none.m3u")
