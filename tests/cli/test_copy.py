"""Copying a session as a user meets it."""

import json
import os

import pytest

import playlist_builder
from playlist_builder.device.copy import CopiedTrack, CopyReport
from playlist_builder.language.notices import notice
from tests.support.commands import run
from tests.support.documents import keep_first, paths, session


def test_a_session_lies_on_a_stick_after_one_command(built):
    stick = built / "stick"
    done = json.loads(run("copy", built / "s.json", stick, "--json").stdout)
    assert [each["source"] for each in done["files"]] == paths(session(built))
    assert {each["state"] for each in done["files"]} == {"copied"}
    lines = (stick / "s.m3u8").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert all((stick / entry).is_file() for entry in entries)
    assert entries[0].startswith("01 - ")
    again = run("copy", built / "s.json", stick)
    assert f"{len(entries)} kept" in again.stderr
    assert "there" in run("check", stick / "s.m3u8").stderr


def test_the_number_of_a_session_is_no_folder(built):
    done = run("copy", "1", cwd=built, code=2)
    assert "Copy session 1 where? Give a folder: copy 1 FOLDER" in done.stderr
    assert not (built / "1").exists()


def test_a_session_is_converted_for_a_small_player(built):
    """Its first three tracks alone."""
    keep_first(built, 3)
    done = json.loads(
        run("copy", built / "s.json", built / "stick", "--convert", "opus", "--json").stdout
    )
    assert {each["state"] for each in done["files"]} == {"converted"}
    assert all(each["path"].endswith(".opus") for each in done["files"])
    library = ("--library", built / "o.db")
    options = ("--no-vocals", "--no-embedding", "--json")
    scanned = json.loads(run("scan", built / "stick", *library, *options).stdout)
    assert (scanned["analysed"], scanned["skipped"]) == (len(done["files"]), [])
    tracks = json.loads(run("tracks", "--library", built / "o.db", "--json").stdout)
    lengths = {track["path"]: track["duration_s"] for track in tracks}
    document = session(built)
    for each, slot in zip(done["files"], (*document["slots"], *document["tail"]), strict=True):
        assert lengths[each["path"]] == pytest.approx(slot["end_s"] - slot["start_s"], abs=0.1)


def test_bad_input_to_copy_and_check_is_one_line(built):
    (built / "bad.json").write_text("[" * 200_000, encoding="utf-8")
    (built / "file").write_text("x", encoding="utf-8")
    os.unlink(paths(session(built))[1])  # noqa: PTH108
    for arguments, code, says in (
        (("copy", "s.json", "stick"), 1, "is not there, so nothing was copied"),
        (("copy", "bad.json", "stick"), 1, "is not a session"),
        (("copy", "s.json", "file"), 2, "file"),
        (("check", "bad.json"), 1, "is not a session"),
        (("check", "file.doc"), 1, "There is no file"),
    ):
        done = run(*arguments, cwd=built, code=code)
        errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1
        assert says in errors[0]


def test_what_the_user_put_in_the_place_of_a_copy_is_the_user_s(built):
    stick = built / "stick"
    run("copy", built / "s.json", stick)
    mine = next(each for each in stick.iterdir() if each.name.startswith("01 - "))
    mine.write_bytes(b"my own notes")
    os.utime(mine, (1, 1))
    for _ in range(2):
        done = run("copy", built / "s.json", stick)
        assert mine.read_bytes() == b"my own notes"
        assert "earlier copies" not in done.stderr


@pytest.fixture
def asked(monkeypatch):
    """What a copy is asked for, in place of one; its report has a track in tags and one not."""
    asked = {}

    def copy_session(_session, folder, **options):
        asked.update(options)
        files = [
            CopiedTrack(n, "", f"{folder}/{n}", 1, "", "copied", -3.0 * n, in_samples=n == 1)
            for n in (1, 2)
        ]
        heard = [notice("heard_within", title="Night", at_s=62.0, step_lu=8.0)]
        loud = notice("held_down", titles=("Night",), softer_lu=2.5)
        return CopyReport(
            f"{folder}/s.m3u8", files, loudness_lufs=-20.5, heard=heard, held_down=loud
        )

    monkeypatch.setattr(playlist_builder, "copy_session", copy_session)
    return asked


def test_a_levelled_copy_says_what_players_have_to_be_told(built, asked):
    done = run("copy", built / "s.json", built / "stick", "--levelled")
    assert (asked["levels"], asked["form"], asked["replace_earlier"]) == ("tags", None, False)
    assert "levelled by -6.0 to -3.0 dB" in done.stderr
    assert "-20.5 LUFS in all instead of -18, as the peaks allow no more" in done.stderr
    assert "2.5 LU quieter than without the peaks of 'Night': turn the volume up" in done.stderr
    assert "1 of 2 by tags: turn on ReplayGain" in done.stderr
    assert "heard as it is: 1:02 'Night' gets 8.0 LU louder all at once" in done.stderr
    assert "1 of 2 in their samples, encoded again: as asked for, as only a part" in done.stderr
    run("copy", built / "s.json", built / "stick")
    assert asked["levels"] == ""


def test_a_copy_for_a_phone_says_what_to_tap(built, asked):
    done = run("copy", built / "s.json", built / "phone", "--for-phone")
    wanted = {"levels": "samples", "form": "mp3", "as_album": True, "replace_earlier": True}
    assert asked | wanted == asked
    for told in ("Android: ", "open s.m3u8", "iPhone: ", "the album 's'"):
        assert told in done.stderr
    done = run(
        "copy", built / "s.json", built / "phone", "--for-phone", "--convert", "opus", code=2
    )
    assert "Phones get MP3" in done.stderr
