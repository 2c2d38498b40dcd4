"""Scanning real files: what is decoded, what is recognised, what is kept."""

import errno
import os
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest

from playlist_builder.audio import encode
from playlist_builder.errors import LibraryError
from playlist_builder.library import database, schema
from playlist_builder.library.library import Library
from playlist_builder.library.scan import analyse_file
from playlist_builder.library.scan.processes import WorkerDied, WorkerLost, Workers
from playlist_builder.models import Mark, Skipped
from playlist_builder.vocals import detector

SAMPLE_RATE_HZ = 16000


def write(path, number, seconds=4):
    rng = np.random.default_rng(number)
    samples = 0.1 * rng.standard_normal((1, seconds * SAMPLE_RATE_HZ)).astype(np.float32)
    encode.write_flac(os.fspath(path), samples, SAMPLE_RATE_HZ, {"title": f"Piece {number}"})


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(4):
        write(folder / f"{number}.flac", number)
    return folder


class Threads(ThreadPoolExecutor):
    """An executor in this process that notes which calls were asked for."""

    def __init__(self):
        super().__init__(1)
        self.asked = []

    def submit(self, fn, /, *args, **kwargs):
        self.asked.append(fn)
        return super().submit(fn, *args, **kwargs)


@pytest.fixture
def threads():
    with Threads() as executor:
        yield executor


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def test_a_scan_of_what_is_known_loads_no_decoder(library, music, threads, tmp_path):
    """Where nothing has changed, neither PyAV nor mutagen nor scipy is imported."""
    library.scan(music, executor=threads)
    code = (
        "import sys; from playlist_builder import Library\n"
        "with Library.open(sys.argv[1]) as library: report = library.scan(sys.argv[2])\n"
        "print(report.unchanged, {'av', 'mutagen', 'scipy'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, tmp_path / "library.db", music]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout == "4 set()\n"


def test_a_second_scan_decodes_nothing(library, music):
    first, second = library.scan(music), library.scan(music)
    assert (first.analysed, first.unchanged) == (4, 0)
    assert (second.analysed, second.unchanged) == (0, 4)
    assert [track.tags.title for track in library.tracks()] == [f"Piece {n}" for n in range(4)]


def test_moved_retagged_and_copied_music_is_not_decoded(library, music, threads):
    library.scan(music, executor=threads)
    (music / "0.flac").rename(music / "moved.flac")
    tags = mutagen.File(music / "1.flac")
    tags["title"] = "Other"
    tags.save()
    (music / "copy.flac").write_bytes((music / "2.flac").read_bytes())
    report = library.scan(music, executor=threads)
    assert (report.analysed, report.moved, report.retagged, report.copied) == (0, 1, 1, 1)
    titles = {track.tags.title for track in library.tracks()}
    assert titles == {"Piece 0", "Other", "Piece 2", "Piece 3"}


def test_what_vanished_is_kept_as_missing_until_pruned_and_marks_longer(library, music, threads):
    library.scan(music, executor=threads)
    track = library.find("Piece 3")
    library.mark(track.identity, Mark(energy=0.4, note="kept"))
    (music / "3.flac").unlink()
    assert library.scan(music, executor=threads).removed == 1
    assert len(library.tracks()) == 3
    assert [t.missing for t in library.tracks(missing=True)] == [False, False, False, True]
    library.scan(music, executor=threads, prune=True)
    assert len(library.tracks(missing=True)) == 3
    write(music / "again.flac", 3)
    library.scan(music, executor=threads)
    assert library.find("Piece 3").mark == Mark(energy=0.4, note="kept")
    assert library.find("Piece 3").energy == 0.4


def test_marks_survive_a_new_version_of_the_analysis(music, threads, tmp_path, monkeypatch):
    with Library.open(tmp_path / "l.db") as library:
        library.scan(music, executor=threads)
        library.mark(library.find("Piece 1").identity, Mark(banned=True))
    monkeypatch.setattr("playlist_builder.library.schema.FEATURES_VERSION", 99)
    with Library.open(tmp_path / "l.db") as library:
        assert not library.tracks()
        assert library.scan(music, executor=threads).analysed == 4
        assert library.find("Piece 1").mark.banned


def test_bad_files_are_listed_and_good_ones_analysed(library, music, threads):
    whole = (music / "0.flac").read_bytes()
    (music / "cut.flac").write_bytes(whole[: len(whole) // 2])
    (music / "text.mp3").write_text("not music " * 100, encoding="utf-8")
    (music / "empty.ogg").touch()
    (music / "x.mp3").mkdir()
    (music / "loop").symlink_to(music)
    (music / "self.mp3").symlink_to("self.mp3")
    for number, name in enumerate(("# hash 😀.flac", 'it\'s "quoted" 音楽.flac'), start=10):
        write(music / name, number)
    write(music / "plain.flac", 12)
    (music / "plain.flac").rename(music / os.fsdecode(b"bytes \xff.flac"))
    report = library.scan(music, executor=threads)
    reasons = {Path(skipped.path).name: skipped.reason for skipped in report.skipped}
    assert report.analysed == 7
    assert set(reasons) == {"cut.flac", "text.mp3", "empty.ogg", "x.mp3", "loop", "self.mp3"}
    assert reasons["cut.flac"].startswith("cut short")
    assert reasons["empty.ogg"] == "an empty file"
    again = library.scan(music, executor=threads)
    assert (again.analysed, len(again.skipped)) == (0, 6)


def test_one_process_measures_what_four_do(music, tmp_path):
    found, steps = [], []
    for jobs in (1, 4):
        with Library.open(tmp_path / f"{jobs}.db") as library:
            library.scan(music, jobs=jobs)
            found.append(library.tracks())
            steps.append([library.steps(track).tolist() for track in found[-1]])
    assert steps[0] == steps[1]
    for one, four in zip(*found, strict=True):
        assert (one.identity, one.energy, one.path) == (four.identity, four.energy, four.path)
        assert one.features == four.features


def test_an_interrupted_scan_goes_on_where_it_stopped(library, music):
    def interrupt(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.scan(music, jobs=1, progress=interrupt)
    kept = len(library.tracks())
    assert kept >= 2
    assert library.scan(music).analysed == 4 - kept


def test_find_names_what_is_ambiguous_or_unknown(library, music, threads):
    library.scan(music, executor=threads)
    assert library.find(os.fspath(music / "2.flac")).tags.title == "Piece 2"
    with pytest.raises(LibraryError, match=r"names 4 tracks: .*Give more of the title"):
        library.find("piece")
    with pytest.raises(LibraryError, match="No track 'nothing'"):
        library.find("nothing")


@pytest.mark.parametrize(
    ("mark", "says"),
    [
        (Mark(energy=1.5), "energy of a mark is a number from 0 to 1, not 1.5"),
        (Mark(energy=float("nan")), "from 0 to 1, not nan"),
        (Mark(energy=float("inf")), "from 0 to 1, not inf"),
        (Mark(energy="0.5"), "from 0 to 1, not '0.5'"),
        (Mark(energy=True), "from 0 to 1, not True"),
        (Mark(vocals="loud"), "one of none, wordless, sung, spoken, not 'loud'"),
        (Mark(vocals="unknown"), "not 'unknown'"),
        (Mark(vocals=["none"]), "not ['none']"),
        (Mark(banned=2), "True or False, not 2"),
        (Mark(note="a\nb"), "on one line"),
        (Mark(note="\x1b[2J"), "on one line"),
        (Mark(note=3), "on one line, not 3"),
    ],
)
def test_a_mark_is_checked_as_the_command_checks_it(library, mark, says):
    library.mark("5f", Mark(energy=0.5, vocals="none", banned=True, note="bell"))
    kept = library._database.mark("5f")  # noqa: SLF001 - of no track yet
    with pytest.raises(LibraryError, match=re.escape(says)):
        library.mark("5f", mark)
    assert library._database.mark("5f") == kept  # noqa: SLF001
    for each in (Mark(energy=0), Mark(energy=1.0), Mark()):
        library.mark("5f", each)


def test_a_folder_that_does_not_exist_is_an_error(library, tmp_path):
    with pytest.raises(LibraryError, match="No folder"):
        library.scan(tmp_path / "nowhere")


def test_a_damaged_or_newer_library_file_is_one_line(tmp_path):
    (tmp_path / "text.db").write_text("no database " * 1000, encoding="utf-8")
    with pytest.raises(LibraryError, match="Cannot use the library"):
        Library.open(tmp_path / "text.db")


def test_a_library_is_backed_up_before_its_schema_changes(tmp_path, monkeypatch):
    with Library.open(tmp_path / "l.db") as library:
        library.mark("abc", Mark(note="precious"))
    later = (*schema.MIGRATIONS, lambda connection: connection.execute("CREATE TABLE more (a)"))
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    with database.Database(os.fspath(tmp_path / "l.db")) as opened:
        assert opened.mark("abc") == Mark(note="precious")
    assert (tmp_path / f"l.db.schema-{len(later) - 1}.backup").exists()
    monkeypatch.undo()
    with pytest.raises(LibraryError, match="newer playlist-builder"):
        Library.open(tmp_path / "l.db")


def test_a_call_that_kills_its_process_fails_alone():
    with Workers(2, limit_s=30) as workers:
        bad = workers.submit(os._exit, 3)
        good = [workers.submit(pow, 2, number) for number in range(5)]
        assert [future.result() for future in good] == [1, 2, 4, 8, 16]
        with pytest.raises(WorkerLost, match="ended with code 3"):
            bad.result()
        with pytest.raises(ZeroDivisionError):
            workers.submit(divmod, 1, 0).result()


def test_a_call_that_hangs_is_stopped_at_the_limit():
    import time  # noqa: PLC0415 - only to hang

    with Workers(1, limit_s=1) as workers:
        with pytest.raises(WorkerDied, match="gave no result within 1 s"):
            workers.submit(time.sleep, 60).result()
        assert workers.submit(pow, 2, 3).result() == 8


def retag(path, title):
    tags = mutagen.File(path)
    tags["title"] = title
    tags.save()


def test_no_known_music_is_sent_to_the_decoder(library, music, threads):
    library.scan(music, executor=threads)
    assert threads.asked == [analyse_file.analyse] * 4
    library.scan(music, executor=threads)
    assert len(threads.asked) == 4
    for number in (0, 1):
        (music / f"{number}.flac").rename(music / f"renamed {number}.flac")
    for number in (2, 3):
        retag(music / f"{number}.flac", f"Retagged {number}")
    report = library.scan(music, executor=threads)
    assert threads.asked[4:] == [analyse_file.identify] * 4
    assert (report.moved, report.retagged, report.copied, report.removed) == (2, 2, 0, 0)
    assert (report.analysed, report.unchanged) == (0, 0)
    titles = [track.tags.title for track in library.tracks(missing=True)]
    assert titles == ["Retagged 2", "Retagged 3", "Piece 0", "Piece 1"]


def test_voices_are_detected_once(library, music, threads):
    """In the same decoding; or later, where that was not asked for, and then for voices alone."""
    report = library.scan(music, executor=threads, vocals=False)
    assert (report.analysed, report.vocals_analysed, report.vocals_skipped) == (
        4,
        0,
        "not asked for",
    )
    assert [track.heard for track in library.tracks()] == [None] * 4
    assert library.scan(music, executor=threads, vocals=False).unchanged == 4
    threads.asked.clear()
    report = library.scan(music, executor=threads)
    assert threads.asked == [analyse_file.run_networks] * 4
    assert (report.analysed, report.vocals_analysed, report.unchanged) == (0, 4, 0)
    assert all(track.heard is not None for track in library.tracks())
    assert library.scan(music, executor=threads).unchanged == 4
    write(music / "new.flac", 9)
    report = library.scan(music, executor=threads)
    assert threads.asked[4:] == [analyse_file.identify, analyse_file.analyse]
    assert (report.analysed, report.vocals_analysed, report.unchanged) == (1, 0, 4)


def test_a_broken_detector_is_told_and_claims_nothing(library, music, threads, monkeypatch):
    monkeypatch.setattr(detector, "model_error", lambda: "voice_weights.npz: damaged")
    report = library.scan(music, executor=threads)
    assert (report.analysed, report.vocals_skipped) == (4, "voice_weights.npz: damaged")
    assert {track.vocals for track in library.tracks()} == {"unknown"}


def test_lyrics_beside_a_file_count_as_soon_as_they_are_there(library, music, threads):
    library.scan(music, executor=threads)
    (music / "1.lrc").write_text("[00:01.00]la la la la", encoding="utf-8")
    (music / "2.lrc").write_text("[00:00.00]Instrumental", encoding="utf-8")
    threads.asked.clear()
    library.scan(music, executor=threads)
    assert threads.asked == [analyse_file.identify] * 2
    assert library.find("Piece 1").vocals == "sung"
    assert library.find("Piece 2").vocals != "sung"
    (music / "1.lrc").unlink()
    library.scan(music, executor=threads)
    assert library.find("Piece 1").vocals != "sung"


def test_lyrics_in_capitals_count_as_well(library, music, threads):
    library.scan(music, executor=threads)
    (music / "1.LRC").write_text("[00:01.00]la la la la", encoding="utf-8")
    threads.asked.clear()
    assert library.scan(music, executor=threads).retagged == 1
    assert library.find("Piece 1").vocals == "sung"
    assert library.scan(music, executor=threads).unchanged == 4


def test_a_new_file_is_not_lost_for_a_damaged_one_of_the_same_music(library, music, threads):
    """Met in one scan, the sound file is measured though the other was opened first."""
    library.scan(music, executor=threads)
    write(music / "twin.flac", 9)
    data = bytearray((music / "twin.flac").read_bytes())
    data[22:26] = (2**31).to_bytes(4)  # the number of samples that STREAMINFO states
    (music / "a.flac").write_bytes(data)
    report = library.scan(music, executor=threads)
    assert [Path(skipped.path).name for skipped in report.skipped] == ["a.flac"]
    assert report.analysed == 1
    assert "twin.flac" in {Path(track.path).name for track in library.tracks()}
    assert library.scan(music, executor=threads).unchanged == 5


def test_marks_follow_the_music_wherever_it_goes(library, music, threads):
    library.scan(music, executor=threads)
    mark = Mark(vocals="none", note="bell")
    library.mark(library.find("Piece 0").identity, mark)
    (music / "deep").mkdir()
    (music / "0.flac").rename(music / "deep" / "elsewhere.flac")
    library.scan(music, executor=threads)
    retag(music / "deep" / "elsewhere.flac", "Renamed")
    library.scan(music, executor=threads)
    track = library.find("Renamed")
    assert (track.mark, track.vocals) == (mark, "none")
    assert track.path == os.fspath(music / "deep" / "elsewhere.flac")


def test_a_file_that_comes_back_is_missing_no_longer(library, music, threads):
    library.scan(music, executor=threads)
    (music / "3.flac").rename(music.parent / "3.flac")
    library.scan(music, executor=threads)
    (music.parent / "3.flac").rename(music / "3.flac")
    report = library.scan(music, executor=threads)
    assert (report.analysed, report.unchanged) == (0, 4)
    assert len(library.tracks()) == 4


def test_what_lies_outside_the_scanned_folders_is_left_alone(library, music, threads):
    library.scan(music, executor=threads)
    other = music.parent / "other"
    other.mkdir()
    for path in music.iterdir():
        path.unlink()
    assert library.scan(other, executor=threads, prune=True).removed == 0
    assert len(library.tracks()) == 4


def test_a_file_that_may_not_be_read_is_tried_again_when_it_may(
    library, music, threads, monkeypatch
):
    """Permissions do not bind root, so there the opening itself is made to fail alike."""
    refused = music / "0.flac"
    refused.chmod(0)
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        really = av.open

        def guarded(file, *args, **kwargs):
            if file == f"file:{refused}":
                raise av.error.PermissionError(errno.EACCES, "Permission denied", file)
            return really(file, *args, **kwargs)

        monkeypatch.setattr(av, "open", guarded)
    report = library.scan(music, executor=threads)
    assert report.skipped == (Skipped(os.fspath(refused), "Permission denied"),)
    assert report.analysed == 3
    monkeypatch.undo()
    refused.chmod(0o600)
    report = library.scan(music, executor=threads)
    assert (report.analysed, report.unchanged, report.skipped) == (1, 3, ())


def test_links_that_lead_in_circles_are_listed(library, music, threads):
    inner = music / "inner"
    inner.mkdir()
    (inner / "up").symlink_to("..")
    (inner / "itself").symlink_to("itself")
    (inner / "nowhere.flac").symlink_to("gone.flac")
    report = library.scan(music, executor=threads)
    assert report.analysed == 4
    assert {Path(skipped.path).name: skipped.reason for skipped in report.skipped} == {
        "up": "a link to a folder that is scanned already",
        "itself": "Too many levels of symbolic links",
        "nowhere.flac": "No such file or directory",
    }


def test_folders_within_each_other_are_scanned_once(library, music, threads):
    """And what vanishes in the inner one is missed."""
    inner = music / "inner"
    inner.mkdir()
    (music / "3.flac").rename(inner / "3.flac")
    for roots in ((music, inner), (inner, music)):
        assert library.scan(*roots, executor=threads).skipped == ()
    (inner / "3.flac").unlink()
    assert library.scan(music, inner, executor=threads).removed == 1
    assert len(library.tracks()) == 3


def test_music_is_met_where_it_lies_and_not_behind_a_link(library, music, threads):
    """However early the name of the link, so that a file that vanishes is missed."""
    inner = music / "z"
    inner.mkdir()
    (music / "3.flac").rename(inner / "3.flac")
    (music / "a").symlink_to("z")
    for _ in range(2):
        report = library.scan(music, executor=threads)
        assert [Path(skipped.path).name for skipped in report.skipped] == ["a"]
        assert os.fspath(inner / "3.flac") in [track.path for track in library.tracks()]
    (inner / "3.flac").unlink()
    assert library.scan(music, executor=threads).removed == 1
    assert len(library.tracks()) == 3


def test_an_error_of_one_file_costs_no_other_and_is_tried_again(
    library, music, threads, monkeypatch
):
    really = analyse_file.analyse

    def failing(path, *asked):
        if path.endswith("2.flac"):
            raise ZeroDivisionError("float division\nby zero")
        return really(path, *asked)

    monkeypatch.setattr(analyse_file, "analyse", failing)
    report = library.scan(music, executor=threads)
    reason = "could not be read: ZeroDivisionError: float division by zero"
    assert report.skipped == (Skipped(os.fspath(music / "2.flac"), reason),)
    assert report.analysed == 3
    monkeypatch.undo()
    assert library.scan(music, executor=threads).analysed == 1


@pytest.mark.parametrize("found", ["none", "nothing measured", "another path"])
def test_what_an_executor_gives_is_checked(library, music, threads, monkeypatch, found):
    really = analyse_file.analyse

    def odd(path, *asked):
        outcome = really(path, *asked)
        if found == "none":
            return None
        if found == "nothing measured":
            return replace(outcome, measured=None, heard=None)
        return replace(outcome, found=replace(outcome.found, path=path + "x"))

    monkeypatch.setattr(analyse_file, "analyse", odd)
    report = library.scan(music, executor=threads)
    assert not library.tracks()
    assert [skipped.reason[:17] for skipped in report.skipped] == ["could not be read"] * 4
    monkeypatch.undo()
    assert library.scan(music, executor=threads).analysed == 4


def test_an_executor_that_was_shut_down_is_one_line(library, music):
    gone = ThreadPoolExecutor(1)
    gone.shutdown()
    with pytest.raises(LibraryError, match="shut down"):
        library.scan(music, executor=gone)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_in_place_of_lyrics_is_not_waited_for(library, music, threads):
    os.mkfifo(music / "2.lrc")
    assert library.scan(music, executor=threads).analysed == 4


def test_a_decoder_that_dies_costs_one_file(library, music, threads, monkeypatch):
    really = analyse_file.analyse

    def deadly(path, *asked):
        if path.endswith("2.flac"):
            raise WorkerDied("crashed")
        return really(path, *asked)

    monkeypatch.setattr(analyse_file, "analyse", deadly)
    report = library.scan(music, executor=threads)
    assert report.skipped == (Skipped(os.fspath(music / "2.flac"), "the decoder crashed"),)
    assert report.analysed == 3


def test_progress_counts_every_file_and_byte(library, music, threads):
    steps = []
    library.scan(music, executor=threads, progress=steps.append)
    size = sum(path.stat().st_size for path in music.iterdir())
    assert [step.done for step in steps] == [1, 2, 3, 4]
    assert {(step.total, step.total_bytes) for step in steps} == {(4, size)}
    assert steps[-1].done_bytes == size
    assert {step.path for step in steps} == {os.fspath(path) for path in music.iterdir()}


@pytest.mark.parametrize("name", ["piece 2", "2.FLAC", "iece 2"])
def test_find_by_title_name_or_part(library, music, threads, name):
    library.scan(music, executor=threads)
    assert library.find(name).path == os.fspath(music / "2.flac")


def test_a_broken_pool_is_one_line_and_loses_nothing(library, music):
    """A pool of processes whose process died ends the scan; what was scanned is kept."""
    with ProcessPoolExecutor(1) as pool:

        def kill(progress):
            if progress.done == 2:
                for process in pool._processes.values():  # noqa: SLF001 - whom to kill
                    process.kill()

        with pytest.raises(
            LibraryError, match=r"^The executor broke or was shut down, .* is kept;"
        ):
            library.scan(music, executor=pool, progress=kill)
    kept = len(library.tracks())
    assert kept >= 2
    assert library.scan(music).analysed == 4 - kept


def test_a_lost_process_is_not_held_against_the_track(library, music, threads, monkeypatch):
    """A track whose decoder was killed from outside is tried again by the next scan."""

    def lost(*_):
        raise WorkerLost("was killed from outside")

    with monkeypatch.context() as patch:
        patch.setattr(analyse_file, "analyse", lost)
        report = library.scan(music, executor=threads)
    assert {s.reason for s in report.skipped} == {"the decoder was killed from outside"}
    assert library.scan(music, executor=threads).analysed == 4


def test_another_machine_that_sees_another_file(library, music, threads, monkeypatch):
    """What was read elsewhere is taken for the file here only if the sizes agree."""
    really = analyse_file.stat
    monkeypatch.setattr(
        analyse_file, "stat", lambda path: really(path)._replace(size=7, mtime_ns=1)
    )
    report = library.scan(music, executor=threads)
    assert (report.analysed, len(report.skipped)) == (0, 4)
    assert "not the same file" in report.skipped[0].reason
    monkeypatch.setattr(analyse_file, "stat", lambda path: really(path)._replace(mtime_ns=1))
    assert library.scan(music, executor=threads).analysed == 4
    assert library.scan(music).unchanged == 4
