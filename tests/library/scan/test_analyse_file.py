"""One file becomes what the library keeps of it; a bad file is a value, never an error."""

import pytest

from playlist_builder.library.scan import analyse_file
from playlist_builder.library.scan.file_state import REFUSED, stat
from playlist_builder.models import Skipped
from playlist_builder.vocals import detector
from tests.support.sounds import write_noise


@pytest.fixture
def track(tmp_path):
    file = tmp_path / "a.flac"
    write_noise(file, 1)
    return str(file)


def test_a_file_is_measured_with_its_identity_and_tags(track):
    found = analyse_file.analyse(track, listen=False)
    assert found.stat == found.found.stat == stat(track)
    assert found.found.tags.title == "Piece 1"
    assert found.measured.features.duration_s == 4.0
    assert found.heard is None


def test_all_ways_to_look_at_a_file_agree_on_what_it_is(track):
    whole = analyse_file.analyse(track, listen=True)
    heard, known = analyse_file.listen(track), analyse_file.identify(track)
    assert whole.found == heard.found == known.found
    assert (heard.measured, known.measured, known.heard) == (None, None, None)
    assert whole.heard == heard.heard


def test_a_rate_that_cannot_be_heard_is_unknown(track, monkeypatch):
    monkeypatch.setattr(detector, "can_hear", lambda _: False)
    assert analyse_file.listen(track).heard.verdict == "unknown"


def test_lyrics_beside_a_file_are_noted(track, tmp_path):
    assert not analyse_file.identify(track).found.tags.has_lyrics
    (tmp_path / "a.lrc").write_text("[00:01.00]words and more words\n" * 9, encoding="utf-8")
    assert analyse_file.identify(track).found.tags.has_lyrics


def test_what_is_no_audio_is_skipped_and_known_by_its_stat(tmp_path):
    file = tmp_path / "a.mp3"
    file.write_text("not music")
    found = analyse_file.analyse(str(file), listen=False)
    assert isinstance(found.found, Skipped)
    assert found.stat == stat(str(file))


def test_what_the_system_refuses_will_be_tried_again(tmp_path):
    found = analyse_file.identify(str(tmp_path / "gone.flac"))
    assert found.stat == REFUSED
    assert found.found == Skipped(str(tmp_path / "gone.flac"), "No such file or directory")
