"""How a track is spelled: what each player wants, new roots, and what has no spelling."""

import os
import posixpath
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import ExportError
from playlist_builder.files.path_map import PathMap
from playlist_builder.playlists.dialects import (
    ANY,
    PLAYERS,
    SUFFIXES,
    Dialect,
    is_codepage,
    left_behind,
    unmapped,
)
from playlist_builder.playlists.entry_paths import format_entry

MUSIC = "/home/ada/Music"


def spelled(path, suffix=".m3u8", dialect=ANY):
    """The entry of a track in the music folder, in a playlist beside it."""
    return format_entry(
        posixpath.join(MUSIC, path), suffix, folder=MUSIC, dialect=dialect, flavour=posixpath
    )


def refused(path, suffix=".m3u8", dialect=ANY):
    with pytest.raises(ExportError) as caught:
        spelled(path, suffix, dialect)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_every_player_that_is_asked_for_has_a_dialect():
    asked_for = (
        "mpd vlc mpv kodi rockbox navidrome jellyfin plex foobar2000 strawberry android iphone"
    )
    assert list(PLAYERS) == sorted(asked_for.split())
    for dialect in PLAYERS.values():
        assert ".m3u8" in dialect.suffixes
        assert set(dialect.suffixes) < set(SUFFIXES)


@pytest.mark.parametrize(
    ("player", "suffix", "entry"),
    [
        ("mpd", ".m3u8", "./#1 雨+%20.flac"),
        ("mpd", ".xspf", "./#1 雨+%20.flac"),
        ("mpv", ".pls", "./#1 雨+%20.flac"),
        ("vlc", ".m3u8", "%231%20%E9%9B%A8%2B%2520.flac"),
        ("vlc", ".xspf", "%231%20%E9%9B%A8%2B%2520.flac"),
        ("kodi", ".m3u8", "./#1 雨+%20.flac"),
        ("kodi", ".xspf", "%231%20%E9%9B%A8%2B%2520.flac"),
        ("strawberry", ".xspf", "./#1 雨+%20.flac"),
        ("navidrome", ".m3u", "./#1 雨+%20.flac"),
        ("jellyfin", ".pls", "./#1 雨+%20.flac"),
        ("plex", ".m3u8", f"{MUSIC}/#1 雨+%20.flac"),
        ("rockbox", ".m3u8", "./#1 雨+%20.flac"),
        ("foobar2000", ".m3u", ".\\#1 雨+%20.flac"),
    ],
)
def test_each_player_is_given_the_spelling_that_it_reads(player, suffix, entry):
    assert spelled("#1 雨+%20.flac", suffix, PLAYERS[player]) == entry


@pytest.mark.parametrize(
    ("player", "path", "suffix", "reason"),
    [
        ("android", "#1.flac", ".m3u8", "it would be misread without ./ before its name"),
        ("mpd", "in/ a.flac", ".pls", "it passes over names that begin or end with a blank"),
        ("strawberry", "a\\b.flac", ".m3u8", "it takes the backslash in its name for a slash"),
        ("foobar2000", "a\\b.flac", ".m3u", "it takes the backslash in its name for a slash"),
        ("rockbox", "雨.flac", ".m3u", "its name does not fit the codepage iso-8859-1"),
        ("strawberry", "a\x01b.flac", ".xspf", "its name holds a control character"),
        ("mpd", "a\nb.flac", ".xspf", "its name holds a line break"),
        ("kodi", "a\nb.flac", ".m3u8", "its name holds a line break"),
        (
            "kodi",
            "/".join(6 * ["x" * 200]),
            ".m3u",
            "its path is longer than the 1023 bytes of a line",
        ),
    ],
)
def test_what_a_player_would_not_find_is_refused(player, path, suffix, reason):
    """The line names the player, the file and the reason, and ends in what to do."""
    message = refused(path, suffix, PLAYERS[player])
    kind = {".m3u8": "An M3U", ".m3u": "An M3U", ".pls": "A PLS", ".xspf": "An XSPF"}[suffix]
    named = f"{f'{MUSIC}/{path}'!r}"
    assert message.startswith(f"{kind} playlist for {player} cannot hold {named}: {reason}. ")
    assert ("or write the session as .xspf" in message) == (player == "kodi")


def test_a_name_that_comes_back_from_its_codepage_as_another_is_refused():
    japanese = Dialect(codepage="shift_jis")
    assert spelled("雨.flac", ".m3u", japanese) == "雨.flac"
    assert "does not fit the codepage shift_jis" in refused("\N{YEN SIGN}.flac", ".m3u", japanese)


def test_mpv_is_given_a_uri_where_no_line_holds_the_path():
    """It decodes `file://` alone, so the path is whole."""
    for dialect in (PLAYERS["mpv"], replace(PLAYERS["mpv"], relative_to="/home")):
        assert spelled("a\nb ", ".pls", dialect) == f"file://{MUSIC}/a%0Ab%20"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a-b._~.flac", "a-b._~.flac"),
        ("caf\udce9", "caf%E9"),
        ("a\nb", "a%0Ab"),
        ("http:/x", "http%3A/x"),
        ("C:/x", "C%3A/x"),
        ("\\\\x", "%5C%5Cx"),
        ("-a&b<c>", "-a%26b%3Cc%3E"),
        ("/srv/a b", "../../../srv/a%20b"),
    ],
)
@pytest.mark.parametrize("suffix", [".xspf", ".jspf"])
def test_a_uri_holds_every_name(path, uri, suffix):
    """Bytes that are not UTF-8 too; nothing in it can be taken for a scheme or a drive."""
    assert spelled(path, suffix) == uri


def test_a_surrogate_that_stands_for_no_byte_is_refused():
    assert refused("\ud800", ".xspf") == (
        f"No playlist can hold {f'{MUSIC}/' + chr(0xD800)!r}: its name is not text."
        " Rename the file and scan again"
    )


ABSOLUTE = Dialect(absolute=True)


@pytest.mark.parametrize(
    ("suffix", "entry"), [(".m3u8", f"{MUSIC}/#1.flac"), (".xspf", f"file://{MUSIC}/%231.flac")]
)
def test_absolute_paths_are_whole(suffix, entry):
    assert spelled("#1.flac", suffix, ABSOLUTE) == entry


@pytest.mark.parametrize(
    ("maps", "entry"),
    [
        ([(MUSIC, "/volume1/music")], "/volume1/music/in/#1.flac"),
        ([(f"{MUSIC}/", "/volume1/music/")], "/volume1/music/in/#1.flac"),
        ([("/home/ada", "/ada"), (f"{MUSIC}/in", "/in"), (MUSIC, "/music")], "/in/#1.flac"),
        ([("/", "/host")], f"/host{MUSIC}/in/#1.flac"),
        ([(MUSIC, "/")], "/in/#1.flac"),
        ([("/home/ada/Mus", "/no")], "in/#1.flac"),
        ([(MUSIC, "D:\\Music")], "D:\\Music\\in\\#1.flac"),
        ([(MUSIC, "D:\\")], "D:\\in\\#1.flac"),
        ([(MUSIC, "D:/Music")], "D:/Music/in/#1.flac"),
        ([(MUSIC, "\\\\nas\\music")], "\\\\nas\\music\\in\\#1.flac"),
        ([(MUSIC, "smb://nas/music")], "smb://nas/music/in/#1.flac"),
    ],
)
def test_a_root_is_renamed_and_the_longest_wins(maps, entry):
    """With or without slashes at the end; never in the middle of a name."""
    assert (
        spelled("in/#1.flac", dialect=Dialect(path_maps=tuple(PathMap(*each) for each in maps)))
        == entry
    )
    assert (
        spelled(
            "in/#1.flac",
            dialect=Dialect(path_maps=tuple(PathMap(*each) for each in reversed(maps))),
        )
        == entry
    )


@pytest.mark.parametrize(
    ("root", "uri"),
    [
        ("/volume 1", "file:///volume%201/%231.flac"),
        ("D:\\Music", "file:///D:/Music/%231.flac"),
        ("\\\\nas\\music", "file://nas/music/%231.flac"),
        ("smb://nas/music", "smb://nas/music/%231.flac"),
    ],
)
def test_a_renamed_root_can_be_a_uri(root, uri):
    assert spelled("#1.flac", ".xspf", Dialect(path_maps=(PathMap(MUSIC, root),))) == uri


def test_a_backslash_in_a_name_has_no_spelling_below_a_root_of_windows():
    message = refused("a\\b.flac", dialect=Dialect(path_maps=(PathMap(MUSIC, "D:\\Music"),)))
    assert ": its name holds a backslash. " in message


@pytest.mark.parametrize(
    ("dialect", "entry"),
    [
        (Dialect(relative_to="/home/ada"), "Music/a.flac"),
        (Dialect(relative_to="/home/ada/Lists"), "../Music/a.flac"),
        (replace(PLAYERS["plex"], relative_to=MUSIC), "a.flac"),
        (
            Dialect(relative_to="/v/lists", path_maps=(PathMap(MUSIC, "/v/music"),)),
            "../music/a.flac",
        ),
        (Dialect(relative_to="D:\\L", path_maps=(PathMap(MUSIC, "D:\\M"),)), "..\\M\\a.flac"),
        (Dialect(relative_to="C:\\L", path_maps=(PathMap(MUSIC, "D:\\M"),)), "D:\\M\\a.flac"),
        (Dialect(relative_to="/v", path_maps=(PathMap(MUSIC, "smb://nas"),)), "smb://nas/a.flac"),
    ],
)
def test_paths_are_seen_from_a_folder_where_the_player_is(dialect, entry):
    """After the root is renamed, where it is."""
    assert spelled("a.flac", dialect=dialect) == entry


@pytest.mark.parametrize(("form", "length"), [("keep", 7), ("nfc", 6), ("nfd", 7)])
def test_names_have_the_normal_form_that_is_asked_for(form, length):
    name = unicodedata.normalize("NFD", "é.flac")
    assert len(spelled(name, dialect=Dialect(normal_form=form))) == length


def test_tracks_that_no_root_renames_are_told():
    dialect = Dialect(path_maps=(PathMap(MUSIC, "/m"),))
    assert unmapped((f"{MUSIC}/a", f"{MUSIC}al/b"), dialect) == [f"{MUSIC}al/b"]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("cp1252", True),
        ("shift_jis", True),
        ("utf-8", True),
        ("utf-8-sig", True),
        ("utf-16", False),
        ("cp037", False),
        ("rot13", False),
        ("klingon", False),
        ("", False),
        ("a\0b", False),
    ],
)
def test_a_codepage_leaves_the_header_as_it_is(name, known):
    assert is_codepage(name) == known


NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in {".", ".."}
)


@given(st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.sampled_from(list(PLAYERS)))
def test_an_entry_is_one_line_or_a_refusal(path, player):
    dialect = PLAYERS[player]
    for suffix in dialect.suffixes:
        try:
            entry = spelled(path, suffix, dialect)
        except ExportError as error:
            assert str(error).isprintable()
        else:
            assert not {"\n", "\r"} & set(entry)
            assert not entry.startswith(("#", " ", ".//"))
            assert os.fsencode(entry).decode() == entry


def test_what_lies_outside_the_folder_of_a_playlist_stays_behind_unless_it_is_mapped():
    paths = (f"{MUSIC}/in/a.flac", "/mnt/b.flac")
    maps = (PathMap("/mnt", "/storage/emulated/0/Music"),)
    for player in ("android", "iphone"):
        dialect = PLAYERS[player]
        assert left_behind(paths, MUSIC, dialect) == ["/mnt/b.flac"]
        assert left_behind(paths, MUSIC, replace(dialect, path_maps=maps)) == []
        assert left_behind(paths, MUSIC, replace(dialect, absolute=True)) == list(paths)
        assert left_behind(paths, "/", replace(dialect, relative_to="/sdcard")) == []
    assert left_behind(paths, MUSIC, PLAYERS["mpd"]) == []
