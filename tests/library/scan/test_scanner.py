"""What a scan reads, keeps and counts, with results that were made up: nothing is decoded."""

import os
from concurrent.futures import Executor, Future
from pathlib import Path

import pytest

from playlist_builder.library.database import Database
from playlist_builder.library.scan import analyse_file, scanner
from playlist_builder.library.scan.file_state import UNREADABLE_STAT, FileResult, stat
from playlist_builder.models import File, Skipped, Tags, VoiceDetection


class Reader(Executor):
    """Finds in each file the identity that it holds as text; what holds "bad" is skipped."""

    def __init__(self):
        self.calls = []

    def submit(self, function, path, *_):
        self.calls.append(function)
        future = Future()
        future.set_result(self.read(function, path))
        return future

    def read(self, function, path):
        text = Path(path).read_text(encoding="utf-8")
        if text.startswith("bad"):
            return FileResult(stat(path), Skipped(path, "bad"))
        if text.startswith("locked"):
            return FileResult(UNREADABLE_STAT, Skipped(path, "locked"))
        found = File(path, stat(path), text, Tags(title=text))
        detected = VoiceDetection("none", 1.0) if function is not analyse_file.identify else None
        return FileResult(stat(path), found, None, detected)


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.mp3").write_text(name, encoding="utf-8")
    return folder


@pytest.fixture
def database(tmp_path):
    with Database(os.fspath(tmp_path / "library.db")) as opened:
        yield opened


@pytest.fixture
def scan(database, music, monkeypatch):
    """Scan `music`, where every identity was measured already."""
    monkeypatch.setattr(database, "identities", lambda: {"a", "b", "c"})
    monkeypatch.setattr(database, "detected_identities", lambda: {"a", "b", "c"})
    reader = Reader()

    def run(*roots, prune=False):
        return scanner.scan(
            database,
            [os.fspath(root) for root in roots or (music,)],
            jobs=None,
            executor=reader,
            vocals=False,
            prune=prune,
            progress=None,
        )

    run.reader = reader
    return run


def counts(report):
    """Return the counts of a report that are not 0."""
    names = ("analysed", "unchanged", "moved", "retagged", "copied", "removed")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def test_new_paths_of_known_music_are_copies_and_then_unchanged(scan, database, music):
    assert counts(scan()) == {"copied": 2}
    assert counts(scan()) == {"unchanged": 2}
    assert len(scan.reader.calls) == 2
    path = os.fspath(music / "a.mp3")
    assert database.files()[path] == (stat(path), "a", False)


def test_a_changed_file_is_read_again(scan, music):
    scan()
    os.utime(music / "a.mp3", ns=(1, 1))
    assert counts(scan()) == {"unchanged": 1, "retagged": 1}


def test_a_moved_file_is_told_from_one_that_vanished(scan, database, music):
    scan()
    (music / "a.mp3").rename(music / "c.mp3")
    (music / "b.mp3").unlink()
    assert counts(scan()) == {"moved": 1, "removed": 1}
    missing = {Path(path).name: each[2] for path, each in database.files().items()}
    assert missing == {"a.mp3": True, "b.mp3": True, "c.mp3": False}


def test_a_file_that_is_back_is_no_longer_missing(scan, database, music):
    scan()
    (music / "b.mp3").rename(music / "b.hidden")
    scan()
    (music / "b.hidden").rename(music / "b.mp3")
    assert counts(scan()) == {"unchanged": 2}
    assert not any(missing for _, _, missing in database.files().values())


def test_what_vanished_is_forgotten_only_with_prune(scan, database, music):
    scan()
    (music / "b.mp3").unlink()
    assert counts(scan(prune=True)) == {"unchanged": 1, "removed": 1}
    assert list(database.files()) == [os.fspath(music / "a.mp3")]


def test_a_folder_that_is_not_scanned_is_left_alone(scan, music):
    scan()
    (music / "b.mp3").unlink()
    other = music.parent / "other"
    other.mkdir()
    (other / "c.mp3").write_text("c", encoding="utf-8")
    assert counts(scan(other)) == {"copied": 1}


def test_an_empty_folder_is_a_drive_that_is_not_connected(scan, database, music):
    """Even with prune nothing is forgotten."""
    scan()
    for path in music.iterdir():
        path.unlink()
    report = scan(prune=True)
    assert report.removed == 2
    (skipped,) = report.skipped
    assert skipped.path == os.fspath(music)
    assert skipped.reason == (
        "empty; its 2 known files are noted as missing, not forgotten. Is the drive connected?"
    )
    assert all(missing for _, _, missing in database.files().values())


def test_a_bad_file_is_read_once_and_a_locked_one_each_time(scan, music):
    for word in ("bad", "locked"):
        (music / f"{word}.mp3").write_text(word, encoding="utf-8")
    for expected in (4, 5, 6):
        reasons = [skipped.reason for skipped in scan().skipped]
        assert reasons == ["bad", "locked"]
        assert len(scan.reader.calls) == expected


def test_the_reason_why_voices_are_not_analysed_is_reported(scan):
    assert scan().vocals_skipped == "not asked for"
