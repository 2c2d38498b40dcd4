"""What a scan reads, keeps and counts: of results that were made up, and of short sounds."""

import os
import wave
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from playlist_builder.errors import LibraryError
from playlist_builder.library.database import Database
from playlist_builder.library.scan import analyse_file, scanner
from playlist_builder.library.scan.file_state import UNREADABLE_STAT, FileResult, stat
from playlist_builder.library.scan.scanner import ScanSettings
from playlist_builder.models import STYLE_SIZE, Embedding, File, Skipped, Tags, VoiceDetection
from tests.support.sounds import write_noise

EMBEDDING = Embedding(np.ones((4, STYLE_SIZE)), np.arange(4, dtype=np.float32))


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
            ScanSettings(executor=reader, vocals=False, embedding=False, prune=prune),
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
    assert scan().embedding_skipped == "not asked for"


class Network(Reader):
    """A reader whose music was measured, and that embeds what it is asked to."""

    def submit(self, function, path, *asked):
        future = super().submit(function, path)
        result = future.result()
        vocals, embedding = asked or (False, False)
        found = Future()
        found.set_result(
            replace(
                result,
                heard=result.heard if vocals else None,
                embedding=EMBEDDING if embedding else None,
            )
        )
        return found


def test_known_music_is_decoded_once_more_for_what_is_asked_for(scan, database, music, monkeypatch):
    scan()
    monkeypatch.setattr(scanner.music, "model_error", lambda: "")

    def again(**asked):
        reader = Network()
        report, _ = scanned(database, music, executor=reader, **asked)
        return report, reader.calls

    report, calls = again(embedding=True)
    assert (report.unchanged, report.analysed, report.vocals_analysed) == (0, 0, 0)
    assert (report.embeddings_analysed, report.embedding_skipped) == (2, "")
    assert calls == [analyse_file.run_networks] * 2
    assert database.embedded_identities() == {"a", "b"}
    report, calls = again(embedding=True)
    assert (report.unchanged, report.embeddings_analysed, calls) == (2, 0, [])
    monkeypatch.setattr(database, "detected_identities", set)
    monkeypatch.setattr(database, "embedded_identities", lambda: {"a"})
    report, calls = again(vocals=True, embedding=True)
    assert (report.vocals_analysed, report.embeddings_analysed) == (2, 1)
    assert calls == [analyse_file.run_networks] * 2


def test_without_a_network_music_is_scanned_without_it(scan, database, music, monkeypatch):
    scan()
    monkeypatch.setattr(scanner.music, "model_error", lambda: "damaged")
    report, _ = scanned(database, music, executor=Network(), embedding=True)
    assert (report.unchanged, report.embedding_skipped) == (2, "damaged")


class Counting(ThreadPoolExecutor):
    """One thread that notes which functions it is given, and the most that waited at once."""

    def __init__(self):
        super().__init__(1)
        self.calls, self.open, self.most = [], 0, 0

    def submit(self, fn, /, *args, **more):
        self.calls.append(fn)
        self.open += 1
        self.most = max(self.most, self.open)
        future = super().submit(fn, *args, **more)
        future.add_done_callback(self._close)
        return future

    def _close(self, _):
        self.open -= 1


@pytest.fixture
def sounds(tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(9):
        write_noise(folder / f"{number}.flac", number, seconds=1)
    return folder


QUICK = ScanSettings(jobs=1, vocals=False, embedding=False)


def scanned(database, *roots, executor=None, progress=None, **options):
    with executor or Counting() as used:
        settings = replace(QUICK, executor=used, **options)
        return scanner.scan(database, [*map(str, roots)], settings, progress), used


def test_an_empty_library_decodes_and_a_full_one_asks_nothing(database, sounds):
    report, used = scanned(database, sounds)
    assert (report.analysed, report.unchanged, report.skipped) == (9, 0, ())
    assert used.calls.count(analyse_file.analyse) == 9
    report, used = scanned(database, sounds)
    assert (report.analysed, report.unchanged, used.calls) == (0, 9, [])


def test_so_few_calls_wait_that_a_large_library_takes_no_memory(database, sounds):
    _, used = scanned(database, sounds, jobs=1)
    assert used.most <= 5


def test_new_paths_are_identified_before_they_are_decoded(database, sounds):
    scanned(database, sounds)
    (sounds / "8.flac").rename(sounds / "moved.flac")
    write_noise(sounds / "new.flac", 10, seconds=1)
    report, used = scanned(database, sounds)
    assert (report.moved, report.analysed) == (1, 1)
    assert used.calls.count(analyse_file.identify) == 2
    assert used.calls.count(analyse_file.analyse) == 1


def test_events_tell_each_file_once_it_is_kept_and_the_report_at_last(database, sounds):
    (sounds / "text.flac").write_text("no music")
    with Counting() as used:
        *events, report = scanner.scan_events(
            database, [str(sounds)], replace(QUICK, executor=used)
        )
    assert [each.progress.done for each in events] == list(range(1, 11))
    (lost,) = [each.skipped for each in events if each.skipped]
    assert lost == report.skipped[0]
    assert report.analysed == 9


def test_a_scan_that_is_closed_stops_its_workers_and_keeps_what_was_told(
    database, sounds, monkeypatch
):
    made = []
    monkeypatch.setattr(scanner, "Workers", lambda _: made.append(Counting()) or made[0])
    with closing(scanner.scan_events(database, [str(sounds)], QUICK)) as events:
        told = [next(events).progress.path for _ in range(3)]
    assert set(told) <= database.files().keys()
    assert len(database.files()) < 9
    with pytest.raises(RuntimeError, match="after shutdown"):
        made[0].submit(print)
    report, _ = scanned(database, sounds)
    assert (report.unchanged, report.analysed) == (3, 6)


def test_the_largest_file_comes_first(database, sounds):
    write_noise(sounds / "long.flac", 10, seconds=9)
    seen = []
    scanned(database, sounds, progress=seen.append)
    assert seen[0].path == str(sounds / "long.flac")
    assert [each.done for each in seen] == list(range(1, 11))
    assert seen[-1].done_bytes == seen[-1].total_bytes


def test_an_executor_that_breaks_is_one_line_and_keeps_what_was_scanned(database, sounds):
    class Broken(Counting):
        def submit(self, fn, /, *args, **more):
            if len(self.calls) < 7:
                return super().submit(fn, *args, **more)
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(LibraryError, match="What was scanned is kept"):
        scanned(database, sounds, executor=Broken())
    assert scanned(database, sounds)[0].unchanged > 0


class Here(Executor):
    """Reads each file at once, in this process."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


@pytest.mark.parametrize(
    ("mended", "lasts_s"),
    [({"rate_hz": 16_000}, 1.0), ({"channels": 2}, 1.0), ({"bytes_": 1}, 4.0), ({}, 2.0)],
)
def test_a_file_whose_header_was_mended_is_measured_anew(database, tmp_path, mended, lasts_s):
    """Its packets are the same, and play otherwise; a copy with the old header stays as it was."""
    write_wav(tmp_path / "a.wav")
    write_wav(tmp_path / "b.wav")
    settings = replace(QUICK, executor=Here())
    scanner.scan(database, [os.fspath(tmp_path)], settings)
    write_wav(tmp_path / "a.wav", **mended)
    os.utime(tmp_path / "a.wav", ns=(1, 1))
    for _ in range(2):
        scanner.scan(database, [os.fspath(tmp_path)], settings)
        of = {Path(path).stem: identity for path, (_, identity, _) in database.files().items()}
        assert (of["a"] == of["b"]) is (not mended)
        lengths = database.lengths()
        assert (lengths[of["a"]], lengths[of["b"]]) == pytest.approx((lasts_s, 2.0), abs=0.01)


def write_wav(path, rate_hz=8000, channels=1, bytes_=2):
    """Write the same samples under a header that may be wrong."""
    samples = np.random.default_rng(0).integers(-9000, 9000, 16_000, np.int16)
    with wave.open(os.fspath(path), "wb") as file:
        file.setparams((channels, bytes_, rate_hz, 0, "NONE", ""))
        file.writeframesraw(samples.tobytes())
