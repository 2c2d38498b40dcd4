"""Playlists of other programs are read as they are met: every entry, and nothing but entries."""

import os
import time
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import PlaylistBuilderError, PlaylistError
from playlist_builder.playlists.read import (
    SIZE_LIMIT_BYTES,
    Entry,
    candidate_paths,
    decode,
    kind_of,
    parse,
    read_entries,
    resolve_all,
)

XSPF = (
    '<?xml version="1.0"?><playlist xmlns="http://xspf.org/ns/0/">'
    "<trackList>{}</trackList></playlist>"
)


def locations(data, name="a.m3u8"):
    return [entry.location for entry in parse(data, name)]


NAMESPACE = 'xmlns="http://xspf.org/ns/0/"'


def xspf(track, head='<?xml version="1.0" encoding="UTF-8"?>', open_="<playlist>"):
    return f"{head}{open_}<trackList><track>{track}</track></trackList></playlist>"


ODD = [
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
    # M3U
    ("a.m3u", b"#EXTM3U\n#EXTINF:12\none.mp3", ["one.mp3"]),
    ("a.m3u", b"#EXTINF\none.mp3", ["one.mp3"]),
    ("a.m3u", b"#EXTINF:,\none.mp3", ["one.mp3"]),
    ("a.m3u", b"#EXTINF:99999999999999999999999999999,x\none.mp3", ["one.mp3"]),
    ("a.m3u", b"#EXTINF:12,A - B\n\n# mine\n#EXTALB:X\none.mp3", ["one.mp3"]),
    ("a.m3u", b"#EXTM3U\n#PLAYLIST:x\n#EXTVLCOPT:start-time=1\none.mp3\n#", ["one.mp3"]),
    ("a.m3u", b"  one.mp3\t \n\ttwo.mp3  ", ["one.mp3", "two.mp3"]),
    ("a.m3u", b"  # indented comment\none.mp3", ["one.mp3"]),
    ("a.m3u", b"one.mp3\none.mp3\none.mp3", ["one.mp3"] * 3),
    (
        "a.m3u",
        b"one.mp3\r\ntwo.mp3\nthree.mp3\rfour.mp3",
        ["one.mp3", "two.mp3", "three.mp3", "four.mp3"],
    ),
    ("a.m3u", b"one.mp3\r\r\ntwo.mp3", ["one.mp3", "two.mp3"]),
    ("a.m3u", b"..\\Music\\one.mp3", ["..\\Music\\one.mp3"]),
    ("a.m3u", b"\\\\server\\share\\one.mp3", ["\\\\server\\share\\one.mp3"]),
    ("a.m3u", b"file://server/share/one.mp3", ["file://server/share/one.mp3"]),
    ("a.m3u", b"http://example.org/a?b=c#d", ["http://example.org/a?b=c#d"]),
    (
        "a.m3u",
        b"#EXTM3U\nhttps://example.org/live\none.mp3",
        ["https://example.org/live", "one.mp3"],
    ),
    ("a.m3u", b"100%.mp3\n50%25.mp3", ["100%.mp3", "50%25.mp3"]),
    ("a.m3u", b"-1.mp3\n=x.mp3\n;x.mp3\n[x].mp3", ["-1.mp3", "=x.mp3", ";x.mp3", "[x].mp3"]),
    ("a.M3U8", b"one.mp3", ["one.mp3"]),
    ("a.m3u8", b"\xef\xbb\xbf\xef\xbb\xbfone.mp3", ["one.mp3"]),
    ("a.m3u8", b"#EXTM3U\n\xef\xbb\xbfone.mp3", ["one.mp3"]),
    ("a.m3u8", b"\xef\xbb\xbf#EXTM3U\none.mp3", ["one.mp3"]),
    (
        "a.m3u8",
        "\u52c7\u6c17.flac\r\n\U0001f3b5.opus".encode(),
        ["\u52c7\u6c17.flac", "\U0001f3b5.opus"],
    ),
    ("a.m3u8", "cafe\u0301.mp3".encode(), ["cafe\u0301.mp3"]),
    ("a.m3u8", "caf\u00e9.mp3".encode("cp1252"), ["caf\u00e9.mp3"]),
    ("a.m3u", b"\x93quoted\x94.mp3", ["\u201cquoted\u201d.mp3"]),
    ("a.m3u", b"caf\xe9 \x81.mp3", ["caf\u00e9 \udc81.mp3"]),
    ("a.m3u", "\ufeff#EXTM3U\r\n\u52c7.mp3\r\n".encode("utf-16-be"), ["\u52c7.mp3"]),
    ("a.m3u", "#EXTM3U\r\none.mp3".encode("utf-16-le"), ["one.mp3"]),
    ("a.m3u", "one.mp3".encode("utf-16-be"), ["one.mp3"]),
    ("a.m3u", "#EXTM3U\none.mp3".encode("utf-16") + b"\n", ["one.mp3\ufffd"]),
    ("a.txt", b"one.mp3", ["one.mp3"]),
    ("a.list", b"#EXTM3U\none.mp3", ["one.mp3"]),
    ("a.m3u", b"<one>.mp3", ["<one>.mp3"]),
    ("a.m3u", b"[playlist]\nFile1=one.mp3", ["one.mp3"]),
    # PLS
    ("a.pls", b"[playlist]\nFILE1=one.mp3\nTITLE1=One\nNUMBEROFENTRIES=1\nVERSION=2", ["one.mp3"]),
    ("a.pls", b"[playlist]\n File1 = one.mp3 \n\tFile2\t=\ttwo.mp3\t", ["one.mp3", "two.mp3"]),
    ("a.pls", b"[playlist]\nFile1=\nFile2=two.mp3", ["two.mp3"]),
    ("a.pls", b"[playlist]\nFile001=one.mp3\nFile0002=two.mp3", ["one.mp3", "two.mp3"]),
    ("a.pls", b"[playlist]\nFile0=zero.mp3\nFile1=one.mp3", ["zero.mp3", "one.mp3"]),
    (
        "a.pls",
        b"[playlist]\nFile" + b"9" * 30 + b"=last.mp3\nFile2=two.mp3",
        ["two.mp3", "last.mp3"],
    ),
    ("a.pls", b"[playlist]\nFile" + b"9" * 5000 + b"=last.mp3", ["last.mp3"]),
    ("a.pls", b"[playlist]\nFile1=one.mp3\nFile1=other.mp3", ["one.mp3", "other.mp3"]),
    (
        "a.pls",
        b"[playlist]\nFile1=one.mp3\nFile2=two.mp3\n[playlist]\nFile1=three.mp3",
        ["one.mp3", "two.mp3", "three.mp3"],
    ),
    ("a.pls", b"[playlist]\nNumberOfEntries=99999999\nFile1=one.mp3", ["one.mp3"]),
    ("a.pls", b"[playlist]\n; a comment\n# another\nFile1=one.mp3\nFilex=no.mp3", ["one.mp3"]),
    ("a.pls", b"[playlist]\nFile1=C:\\Music\\a.mp3\r\nLength1=-1", ["C:\\Music\\a.mp3"]),
    (
        "a.pls",
        b"[playlist]\nFile1=http://example.org:8000/\nTitle1=Radio",
        ["http://example.org:8000/"],
    ),
    ("a.pls", "[playlist]\nFile1=caf\u00e9.mp3".encode("cp1252"), ["caf\u00e9.mp3"]),
    ("a.pls", "[playlist]\r\nFile1=caf\u00e9.mp3".encode("utf-16"), ["caf\u00e9.mp3"]),
    ("a.pls", "[playlist]\nFile\u0661=no.mp3\nFile1=one.mp3".encode(), ["one.mp3"]),
    ("a", b"\n\n[playlist]\nFile1=one.mp3", ["one.mp3"]),
    # XSPF
    ("a.xspf", xspf("<location><![CDATA[a&b.mp3]]></location>").encode(), ["a&b.mp3"]),
    ("a.xspf", xspf("<location>a<![CDATA[&]]>b<!-- c -->.mp3</location>").encode(), ["a&b.mp3"]),
    ("a.xspf", xspf("<location>a&#x26;b&#233;.mp3</location>").encode(), ["a&b\u00e9.mp3"]),
    (
        "a.xspf",
        xspf("<location>one.mp3</location>", open_=f"<playlist {NAMESPACE}>").encode(),
        ["one.mp3"],
    ),
    (
        "a.xspf",
        (
            b'<x:playlist xmlns:x="http://xspf.org/ns/0/"><x:trackList><x:track>'
            b"<x:location>one.mp3</x:location></x:track></x:trackList></x:playlist>"
        ),
        ["one.mp3"],
    ),
    ("a.xspf", b"\xef\xbb\xbf" + xspf("<location>one.mp3</location>").encode(), ["one.mp3"]),
    ("a.xspf", b"\r\n  " + xspf("<location>one.mp3</location>").encode(), ["one.mp3"]),
    (
        "a.xspf",
        xspf("<location>\u52c7.mp3</location>", '<?xml version="1.0" encoding="UTF-16"?>').encode(
            "utf-16"
        ),
        ["\u52c7.mp3"],
    ),
    (
        "a.xspf",
        xspf(
            "<location>\u00e9.mp3</location>", '<?xml version="1.0" encoding="windows-1252"?>'
        ).encode("cp1252"),
        ["\u00e9.mp3"],
    ),
    (
        "a.xspf",
        xspf("<location>http://x.org/a.mp3</location><location>a.mp3</location>").encode(),
        ["a.mp3"],
    ),
    ("a.xspf", xspf("<location>a.mp3</location><location>b.mp3</location>").encode(), ["a.mp3"]),
    ("a.xspf", xspf("<location/><location>\n b.mp3\n</location>").encode(), ["b.mp3"]),
    (
        "a.xspf",
        xspf(
            "<extension application='x'><y:location xmlns:y='z'>no.mp3</y:location></extension>"
            "<location>one.mp3</location>"
        ).encode(),
        ["one.mp3"],
    ),
    ("a.xml", xspf("<location>file:///a%20b.mp3</location>").encode(), ["file:///a%20b.mp3"]),
    ("a", xspf("<location>one.mp3</location>", head="").encode(), ["one.mp3"]),
    (
        "a.xspf",
        xspf("<duration>nonsense</duration><location>one.mp3</location>").encode(),
        ["one.mp3"],
    ),
]


@pytest.mark.parametrize(("name", "data", "expected"), ODD)
def test_entries(name, data, expected):
    assert locations(data, name) == expected


def test_as_many_odd_playlists_are_kept_as_were_promised():
    assert len(ODD) >= 60


@pytest.mark.parametrize(("name", "data", "expected"), ODD)
def test_a_span_is_where_the_entry_stands(name, data, expected):
    """Cut out there, put in again: the same entries; and a new one is read as itself."""
    entries = parse(data, name)
    if kind_of(data, name) == "xspf":
        start, stop = entries[0].span
        wide = "utf-16-le" if data.startswith(b"\xff\xfe") else "ascii"
        changed = data[:start] + "new.mp3".encode(wide) + data[stop:]
    else:
        coded = decode(data)
        for entry in entries:
            assert coded.text[slice(*entry.span)] == entry.location
        start, stop = entries[0].span
        changed = coded.encode(coded.text[:start] + "new.mp3" + coded.text[stop:])
    assert locations(changed, name) == ["new.mp3", *expected[1:]]


@pytest.mark.parametrize(
    ("name", "data", "title", "duration_s"),
    [
        ("a.m3u", b"#EXTINF:12,A - B\none.mp3", "A - B", 12.0),
        ("a.m3u", b"#extinf: 12.5 ,A, B\none.mp3", "A, B", 12.5),
        ("a.m3u", b"#EXTINF:-1,A\none.mp3", "A", None),
        ("a.m3u", b'#EXTINF:9 logo="a,b" x="c",A "B"\none.mp3', 'A "B"', 9.0),
        ("a.m3u", b'#EXTINF:9 5" single,A\none.mp3', "A", 9.0),
        ("a.m3u", b"#EXTINF:9\none.mp3", "", 9.0),
        ("a.pls", b"File1=one.mp3\nTitle1=A\nLength1=12", "A", 12.0),
        ("a.pls", b"Title1=A\nFile1=one.mp3\nLength1=nan", "A", None),
        (
            "a.xspf",
            xspf(
                "<title>B</title><creator>A</creator><duration>12345</duration><location>x</location>"
            ).encode(),
            "A - B",
            12.345,
        ),
    ],
)
def test_titles_and_lengths_are_read(name, data, title, duration_s):
    [entry] = parse(data, name)
    assert (entry.title, entry.duration_s) == (title, duration_s)


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=30
).filter(
    lambda name: (
        name == name.strip(" \t\ufeff") and not name.startswith(("#", "./")) and not name.isspace()
    )
)


@given(
    st.lists(NAMES, min_size=1, max_size=8),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_any_names_are_read_as_they_were_written(written, encoding, end, headed):
    """In M3U and PLS, in each encoding and with each line end."""
    head = ["#EXTM3U"] if headed else []
    text = end.join([*head, *written])
    if headed or encoding != "utf-8":
        assert locations(text.encode(encoding), "a.m3u") == written
    lines = ["[playlist]", *(f"File{number}={name}" for number, name in enumerate(written, 1))]
    assert locations(end.join(lines).encode(encoding), "a.pls") == written


@given(st.lists(NAMES, min_size=1, max_size=8))
def test_any_names_are_read_from_xml_as_they_were_written(written):
    kept = [name for name in written if name == name.strip() and name.isprintable()]
    tracks = "".join(f"<track><location>{escape(name)}</location></track>" for name in kept)
    if kept:
        assert locations(XSPF.format(tracks).encode(), "a.xspf") == kept


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
        ("a.json", b"[" * 1_000_000, "is not a session"),
        ("a.json", b'{"a":' * 100_000, "is not a session"),
        ("a.json", b"1" * 1_000_000, "is not a session"),
        ("a.xspf", b"<a>" * 1_000_000, "nested too deeply"),
        ("a.xspf", b"<playlist>" + b"<trackList>" * 60, "nested too deeply"),
        ("a.xspf", XSPF.format("<track/>" * 200_001).encode(), "more than 200000 entries"),
        ("a.m3u", b"a\n" * 9_000_000, "more than 200000 entries"),
        ("a.m3u", b"\n" * 19_000_000, "holds no entry"),
        ("a.m3u", b"#EXTINF:" + b'""' * 9_000_000, "holds no entry"),
        ("a.pls", b"File1=a\n" * 2_000_000, "more than 200000 entries"),
        ("a.xspf", b'<?xml version="1.0" encoding="none-such"?><a/>', "not sound XML"),
        ("a.xspf", b'<?xml version="1.0" encoding="gb18030"?><a/>', "not sound XML"),
        ("a.xspf", b"<playlist><trackList><track/></trackList></playlist>", "holds no entry"),
        ("a.pls", b"[playlist]\nNumberOfEntries=0\nVersion=2", "holds no entry"),
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
            assert all("\0" not in path for path in candidate_paths(entry, "/m"))


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
        ("file:a.mp3", "/m/a.mp3"),
        ("FILE:///x/a.mp3", "/x/a.mp3"),
        ("file:/x/a.mp3", "/x/a.mp3"),
        ("file://x/a.mp3", "/x/a.mp3"),
        ("file:///x/100%.mp3", "/x/100%.mp3"),
        ("file:///x/%C3%A9.mp3", "/x/\u00e9.mp3"),
        ("file:///x/%E9.mp3", "/x/\udce9.mp3"),
        ("//x//a.mp3", "/x/a.mp3"),
        ("a/./b/../a.mp3", "/m/a/a.mp3"),
        ("caf\u00c3\u00a9.mp3", "/m/caf\u00e9.mp3"),
        ("\u00e4\u00ee\u00ec.mp3", "/m/\u0434\u043e\u043c.mp3"),
        ("caf\u00e9.mp3", "/m/caf\udce9.mp3"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_an_entry_is_found_in_the_form_in_which_it_is_there(location, there):
    assert resolve_all([Entry(location)], "/m", {there}.__contains__) == ([there], [])


def test_the_most_literal_meaning_comes_first():
    both = {"/m/a%20b.mp3", "/m/a b.mp3"}
    assert resolve_all([Entry("a%20b.mp3")], "/m", both.__contains__)[0] == ["/m/a%20b.mp3"]


def test_a_location_of_xspf_is_a_uri_first():
    both = {"/m/a%20b.mp3", "/m/a b.mp3"}
    text = XSPF.format("<track><location>a%20b.mp3</location></track>").encode()
    assert resolve_all(parse(text, "a.xspf"), "/m", both.__contains__)[0] == ["/m/a b.mp3"]


def test_addresses_on_a_network_are_never_files():
    entries = [Entry("http://example.org/a.mp3"), Entry("smb://host/a.mp3")]
    assert resolve_all(entries, "/m", lambda _: True) == ([], entries)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(PlaylistError, match="Cannot read playlist"):
        read_entries(tmp_path / "none.m3u")


@pytest.mark.parametrize("name", ["a.m3u", "a.pls", "a.xspf", "a.json"])
def test_a_playlist_of_a_gigabyte_is_refused_at_once(tmp_path, name):
    """No more of it is read than the limit."""
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 30)
    began = time.perf_counter()
    with pytest.raises(PlaylistError, match="larger than any playlist"):
        read_entries(tmp_path / name)
    assert time.perf_counter() - began < 2.0
    assert SIZE_LIMIT_BYTES < 1 << 30
