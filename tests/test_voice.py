"""The strongest evidence of voice decides, and without evidence nothing is claimed."""

import pytest

from playlist_builder import voice
from playlist_builder.models import Mark, Tags


@pytest.mark.parametrize("said", ["none", "sung"])
@pytest.mark.parametrize("tags", [Tags(), Tags(has_lyrics=True), Tags(languages=("zxx",))])
def test_mark_decides(said, tags):
    """What the user says stands above whatever the file says."""
    assert voice.verdict(tags, Mark(vocals=said)) == said


def test_other_marks_are_no_evidence():
    """A note, an energy or a ban says nothing about voice."""
    assert voice.verdict(Tags(), Mark(energy=0.4, banned=True, note="sung")) == "unknown"


def test_lyrics_outweigh_language():
    """Embedded words mean that it is sung, even where the language says no words."""
    assert voice.verdict(Tags(has_lyrics=True, languages=("zxx",)), Mark()) == "sung"


@pytest.mark.parametrize("languages", [("zxx",), ("ZXX",), ("eng", "zxx")])
def test_no_linguistic_content(languages):
    """The language code for no words means that there is no voice."""
    assert voice.verdict(Tags(languages=languages), Mark()) == "none"


@pytest.mark.parametrize(
    "tags", [Tags(), Tags(languages=("eng",)), Tags(title="Instrumental", genres=("Ambient",))]
)
def test_no_guess(tags):
    """Neither a title, nor a genre, nor a language proves that nobody sings."""
    assert voice.verdict(tags, Mark()) == "unknown"
