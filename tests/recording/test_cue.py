"""A CUE sheet names the places of a recording, and no title breaks it."""

from playlist_builder.audio.encode import Chapter
from playlist_builder.recording.cue import sheet


def test_a_sheet_holds_one_track_per_chapter():
    chapters = [Chapter("Dawn", 0.0, 61.04), Chapter("Dusk", 61.04, 7000.0), Chapter("x", 6000, 1)]
    assert sheet("a b.flac", "a b", chapters) == (
        'TITLE "a b"\n'
        'FILE "a b.flac" WAVE\n'
        "  TRACK 01 AUDIO\n"
        '    TITLE "Dawn"\n'
        "    INDEX 01 00:00:00\n"
        "  TRACK 02 AUDIO\n"
        '    TITLE "Dusk"\n'
        "    INDEX 01 01:01:03\n"
        "  TRACK 03 AUDIO\n"
        '    TITLE "x"\n'
        "    INDEX 01 100:00:00\n"
    )


def test_quotes_and_lines_in_a_title_stay_inside_it():
    text = sheet("a.wav", 'say "hush"', [Chapter('one"\n  INDEX 01 09:00:00', 0.0, 1.0)])
    assert text.splitlines()[0] == "TITLE \"say 'hush'\""
    assert text.splitlines()[3] == '    TITLE "one\'   INDEX 01 09:00:00"'
    assert len(text.splitlines()) == 5
