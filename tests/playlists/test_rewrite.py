"""A mended playlist: the entries that moved lead to the new place, and no other byte changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import PlaylistBuilderError, PlaylistError
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import session_json
from playlist_builder.playlists.read import parse, resolve_all
from playlist_builder.playlists.rewrite import replace_paths
from tests.support.documents import in_turn


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "a.m3u",
            b"#EXTM3U\r\n# mine\r\n\r\nold/a.mp3\r\nb.mp3",
            b"#EXTM3U\r\n# mine\r\n\r\nnew/x.mp3\r\nb.mp3",
        ),
        ("a.m3u", b"\xef\xbb\xbfold\\a.mp3\r\n", b"\xef\xbb\xbfnew\\x.mp3\r\n"),
        ("a.m3u", b"  /m/old/a.mp3  \n", b"  /m/new/x.mp3  \n"),
        ("a.m3u8", b"file:///m/old/a.mp3\n", b"file:///m/new/x.mp3\n"),
        ("a.m3u", b"caf\xe9 \x81.mp3\nb.mp3", b"new/x.mp3\nb.mp3"),
        ("a.m3u", b"a.mp3\ncaf\xe9 \x81.mp3", b"new/x.mp3\ncaf\xe9 \x81.mp3"),
        (
            "a.m3u",
            "#EXTM3U\r\na.mp3\r\n\u52c7.mp3".encode("utf-16"),
            "#EXTM3U\r\nnew/x.mp3\r\n\u52c7.mp3".encode("utf-16"),
        ),
        (
            "a.pls",
            b"[playlist]\nTitle1=A\nFILE1 = a.mp3 \nLength1=3\nFile2=b.mp3\n",
            b"[playlist]\nTitle1=A\nFILE1 = new/x.mp3 \nLength1=3\nFile2=b.mp3\n",
        ),
        (
            "a.xspf",
            (
                b"<!-- c --><playlist><trackList><track><title>A</title><location>"
                b" <![CDATA[a.mp3]]></location></track></trackList></playlist>"
            ),
            (
                b"<!-- c --><playlist><trackList><track><title>A</title><location>new/x.mp3"
                b"</location></track></trackList></playlist>"
            ),
        ),
        (
            "a.xspf",
            b"<playlist><trackList><track><location>file:///m/a.mp3</location></track></trackList></playlist>",
            b"<playlist><trackList><track><location>file:///m/new/x.mp3</location></track></trackList></playlist>",
        ),
    ],
)
def test_only_the_entry_changes(name, before, after):
    assert replace_paths(before, name, {0: "/m/new/x.mp3"}, "/m") == (after, {})


def test_several_entries_change_whatever_their_order():
    data = b"[playlist]\nFile2=b\nFile1=a\nFile3=c\n"
    moved = {0: "/m/A", 1: "/m/BBBB", 2: "/m/C"}
    assert (
        replace_paths(data, "a.pls", moved, "/m")[0]
        == b"[playlist]\nFile2=BBBB\nFile1=A\nFile3=C\n"
    )


def test_names_are_written_so_that_they_are_read_as_names():
    mended, refused = replace_paths(
        b"a\nb\nc\n", "a.m3u", {0: "/m/#1.mp3", 1: "/m/ 2.mp3", 2: "/n/3.mp3"}, "/m"
    )
    assert (mended, refused) == (b"./#1.mp3\n./ 2.mp3\n../n/3.mp3\n", {})


def test_what_a_playlist_cannot_hold_stays_and_is_told():
    data = b"caf\xe9.mp3\nb.mp3\nc.mp3"
    moved = {0: "/m/\u52c7.mp3", 1: "/m/line\nbreak.mp3", 2: "/m/\u00fc.mp3"}
    mended, refused = replace_paths(data, "a.m3u", moved, "/m")
    assert mended == b"caf\xe9.mp3\nb.mp3\n\xfc.mp3"
    assert refused == {0: "its name cannot be written in cp1252", 1: "its name holds a line break"}


def test_a_damaged_text_is_not_written_again():
    with pytest.raises(PlaylistError, match="without loss"):
        replace_paths("a.mp3".encode("utf-16") + b"x", "a.m3u", {0: "/m/b.mp3"}, "/m")


def test_a_session_is_led_to_the_new_place():
    slot = Slot("/m/a", "1", "", "", "", 0.0, 1.0, "", 0.1, 0.1)
    session = in_turn(Session("arc", "relative", 1.0, 1.0, 0.0, 0.0, 0.0, (slot,), (slot,)))
    mended, _ = replace_paths(session_json.dump(session).encode(), "a.json", {1: "/m/b"}, "/m")
    after = session_json.parse(mended.decode(), "a.json")
    assert [after.slots[0].path, after.tail[0].path] == ["/m/a", "/m/b"]


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
    lambda name: "/" not in name and "\0" not in name and name not in {".", ".."}
)


@given(
    NAMES,
    st.sampled_from(
        [
            ("a.m3u", b"old.mp3\nb.mp3"),
            ("a.m3u", b"file:///m/old.mp3\nb.mp3"),
            ("a.m3u", "\ufeffold.mp3\r\nb.mp3".encode("utf-16-le")),
            ("a.pls", b"[playlist]\nFile1=old.mp3\nFile2=b.mp3"),
            (
                "a.xspf",
                (
                    b"<playlist><trackList><track><location>old.mp3</location></track>"
                    b"<track><location>b.mp3</location></track></trackList></playlist>"
                ),
            ),
            (
                "a.xspf",
                (
                    b"<playlist><trackList><track><location>file:///old.mp3</location></track>"
                    b"<track><location>b.mp3</location></track></trackList></playlist>"
                ),
            ),
        ]
    ),
)
def test_any_name_is_found_again_or_refused(new, playlist):
    """What is written leads there when it is read, and the other entry is the same."""
    name, data = playlist
    path = f"/m/{new}"
    try:
        mended, refused = replace_paths(data, name, {0: path}, "/m")
    except PlaylistBuilderError as error:
        assert len(str(error).splitlines()) == 1
        return
    if refused:
        assert mended == data
        return
    there = {path, "/m/b.mp3"}
    assert resolve_all(parse(mended, name), "/m", there.__contains__) == ([path, "/m/b.mp3"], [])
