"""A scan asks the cheapest question of each file, and keeps what comes as it comes."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from playlist_builder.errors import LibraryError
from playlist_builder.library.database import Cache
from playlist_builder.library.scan import analyse_file
from playlist_builder.library.scan.scanner import scan
from tests.support.sounds import write_noise


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
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(9):
        write_noise(folder / f"{number}.flac", number, seconds=1)
    return folder


@pytest.fixture
def cache(tmp_path):
    with Cache(str(tmp_path / "library.db")) as opened:
        yield opened


def scanned(cache, *roots, executor=None, **options):
    usual = {"jobs": 1, "vocals": False, "prune": False, "progress": None}
    with executor or Counting() as used:
        return scan(cache, [*map(str, roots)], executor=used, **usual | options), used


def test_an_empty_library_decodes_and_a_full_one_asks_nothing(cache, music):
    report, used = scanned(cache, music)
    assert (report.analysed, report.unchanged, report.skipped) == (9, 0, ())
    assert used.calls.count(analyse_file.analyse) == 9
    report, used = scanned(cache, music)
    assert (report.analysed, report.unchanged, used.calls) == (0, 9, [])


def test_so_few_calls_wait_that_a_large_library_takes_no_memory(cache, music):
    _, used = scanned(cache, music, jobs=1)
    assert used.most <= 5


def test_new_paths_are_identified_before_they_are_decoded(cache, music):
    scanned(cache, music)
    (music / "8.flac").rename(music / "moved.flac")
    write_noise(music / "new.flac", 10, seconds=1)
    report, used = scanned(cache, music)
    assert (report.moved, report.analysed) == (1, 1)
    assert used.calls.count(analyse_file.identify) == 2
    assert used.calls.count(analyse_file.analyse) == 1


def test_the_largest_file_comes_first(cache, music):
    write_noise(music / "long.flac", 10, seconds=9)
    seen = []
    scanned(cache, music, progress=seen.append)
    assert seen[0].path == str(music / "long.flac")
    assert [each.done for each in seen] == list(range(1, 11))
    assert seen[-1].done_bytes == seen[-1].total_bytes


def test_a_library_without_voices_says_why(cache, music):
    assert scanned(cache, music)[0].deaf == "not asked for"


def test_an_executor_that_breaks_is_one_line_and_keeps_what_was_scanned(cache, music):
    class Broken(Counting):
        def submit(self, fn, /, *args, **more):
            if len(self.calls) < 7:
                return super().submit(fn, *args, **more)
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(LibraryError, match="What was scanned is kept"):
        scanned(cache, music, executor=Broken())
    assert scanned(cache, music)[0].unchanged > 0
