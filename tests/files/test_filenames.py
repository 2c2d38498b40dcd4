"""Names that every file system of a stick can hold, whatever the tags say."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.files.filenames import NAME_BYTES, NAME_UNITS, key, numbered, safe


@pytest.mark.parametrize(
    ("text", "suffix", "name"),
    [
        ("01 - A - B", ".mp3", "01 - A - B.mp3"),
        ('AC/DC: "What?" <1|2>*\\', ".mp3", "AC_DC_ _What__ _1_2___.mp3"),
        ("tab\tnewline\nnul\0", ".mp3", "tab_newline_nul_.mp3"),
        ("Wait...", ".mp3", "Wait.mp3"),
        ("blank ", ".mp3", "blank.mp3"),
        (".hidden", ".mp3", "hidden.mp3"),
        ("CON", ".mp3", "CON_.mp3"),
        ("con", "", "con_"),
        ("com1.x", ".mp3", "com1.x_.mp3"),
        ("LPT\u00b9", ".mp3", "LPT\u00b9_.mp3"),
        ("CONSOLE", ".mp3", "CONSOLE.mp3"),
        ("cafe\u0301", ".mp3", "caf\u00e9.mp3"),
        ("F# minor 100%25 50% off", ".mp3", "F_ minor 100_25 50% off.mp3"),
        ("caf\udce9", ".mp3", "caf_.mp3"),
        ("two  blanks\u00a0here", ".mp3", "two blanks here.mp3"),
        ("", ".mp3", "_.mp3"),
        ("...", "", "_"),
        ("\u52c7\u6c17 \U0001f3b5", ".flac", "\u52c7\u6c17 \U0001f3b5.flac"),
    ],
)
def test_a_name_is_made_safe(text, suffix, name):
    assert safe(text, suffix) == name


@given(st.text(max_size=400), st.sampled_from(["", ".mp3", ".flac", ". ", ".a?b"]))
def test_any_text_gives_a_name_that_all_can_hold(text, suffix):
    name = safe(text, suffix)
    assert name
    assert not set(name) & set('<>:"/\\|?*#')
    assert all(ord(character) >= 32 for character in name)
    assert name == name.strip()
    assert not name.endswith(".")
    assert len(name.encode("utf-16-le")) <= 2 * NAME_UNITS
    assert len(os.fsencode(name)) <= NAME_BYTES
    assert unicodedata.is_normalized("NFC", name)
    assert safe(name) == name
    other = numbered(name, 2)
    assert key(other) != key(name)
    assert len(other.encode("utf-8")) <= 255
    assert len(other.encode("utf-16-le")) <= 2 * 255


def test_a_cut_falls_between_letters():
    """Not between a letter and its accents, nor within a sign of two units."""
    accents = safe("x" * (NAME_UNITS - 5) + "q\u0323\u0301" * 3, ".mp3")
    assert not accents.removesuffix(".mp3").endswith(("q", "q\u0323"))
    assert len(safe("\U0001f3b5" * 300, ".mp3").encode()) <= NAME_BYTES


@pytest.mark.parametrize(
    ("one", "other"), [("A.mp3", "a.MP3"), ("caf\u00e9", "CAFE\u0301"), ("stra\u00dfe", "STRASSE")]
)
def test_names_that_a_stick_does_not_tell_apart_share_a_key(one, other):
    assert key(one) == key(other)
