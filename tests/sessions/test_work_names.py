# ruff: noqa: RUF001 - titles in the letters of their languages
"""Titles of one work are one, titles of others are not, whatever decorates them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.sessions.work_names import are_versions, artist_names, names_of, share_artist


def alike(one, other):
    """Whether titles are sure to name one work, may, or do not."""
    a, b = names_of(one), names_of(other)
    if are_versions(a.version, b.version):
        return "no"
    if a.sure & b.sure:
        return "sure"
    return "may" if (a.sure | a.may) & (b.sure | b.may) else "no"


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("Don’t Stop", "dont stop", "sure"),
        ("Against The Sky - 2005 Digital Remaster", "Against the Sky", "sure"),
        ("1/1 - Remastered 2004", "1/1", "sure"),
        ("Aria (feat. Bob)", "Aria", "sure"),
        ("Aria ft. Bob", "Aria", "sure"),
        ("Öldurót", "Oldurot", "sure"),
        ("花火 (Hanabi)", "Hanabi", "sure"),
        ("ハナビ / Hanabi", "ハナビ", "sure"),
        ("新世界より【From the New World】", "From The New World", "sure"),
        ("Le Cygne (The Swan)", "Le cygne", "may"),
        ("Le Cygne (The Swan)", "The Swan", "may"),
        ("Weaving (Part 1)", "Weaving (Part 2)", "no"),
        ("Andacht, Pt. 1", "Andacht", "no"),
        ("Articulate Silences, Pt. 1", "Articulate Silences - Pt. 1", "sure"),
        ("Blue (Live)", "Blue", "no"),
        ("Blue - Live at Village Gate", "Blue (live)", "sure"),
        ("Blue (A Remix)", "Blue (B Remix)", "no"),
        ("Blue - Instrumental", "Blue", "no"),
        ("Blue (Acoustic)", "Blue (Live)", "no"),
        ("青 (ライブ)", "青", "no"),
        ("か", "が", "no"),
        ("", "Blue", "no"),
        ("(Live)", "Blue (Live)", "no"),
    ],
)
def test_titles(one, other, how):
    assert alike(one, other) == alike(other, one) == how


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("Laraaji, Brian Eno", "Brian Eno", True),
        ("Robin Guthrie & Harold Budd", "Harold Budd; Robin Guthrie", True),
        ("Pärt, Arvo", "Arvo Part", True),
        ("Simon and Garfunkel", "Simon & Garfunkel", True),
        ("Enya", "Sting", False),
        ("Various Artists", "Sting", None),
        ("", "Sting", None),
    ],
)
def test_artists(one, other, shared):
    assert share_artist(artist_names(one), artist_names(other)) is shared


@given(st.text(max_size=30))
def test_every_title_names_itself(title):
    names = names_of(title)
    assert not are_versions(names.version, names.version)
    assert names == names_of(title)
