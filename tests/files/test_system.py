"""What differs between systems, each asked for on this one."""

import errno
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from playlist_builder.files import system
from playlist_builder.files.system import (
    drop_cached,
    exit_reason,
    is_within,
    own_group,
    process_usage,
    sync_folder,
)

ALL = ("linux", "darwin", "win32")


def test_a_process_is_started_apart_from_ctrl_c():
    assert own_group("win32") == {"creationflags": 0x200}
    for platform in ("linux", "darwin"):
        assert own_group(platform) == {"start_new_session": True}
    with subprocess.Popen([sys.executable, "-c", ""], **own_group()) as process:
        assert process.wait() == 0


@pytest.mark.parametrize("platform", ALL)
def test_a_code_of_its_own_ended_a_process(platform):
    for code in (0, 1, 255):
        assert exit_reason(code, platform) == "ended"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_signal_crashed_or_killed_a_process(platform):
    for fault in (signal.SIGSEGV, signal.SIGILL, signal.SIGFPE, signal.SIGABRT):
        assert exit_reason(-fault, platform) == "crashed"
    for other in (signal.SIGTERM, signal.SIGINT, 9):
        assert exit_reason(-other, platform) == "killed"


def test_an_error_code_of_windows_is_a_crash_there_alone():
    access_violation, stack_overflow = 0xC000_0005, 0xC000_00FD
    for code in (access_violation, stack_overflow):
        assert exit_reason(code, "win32") == "crashed"
        assert exit_reason(code, "linux") == "ended"


LIMITED = """
import sys
import numpy as np
from playlist_builder.files.system import limit_own_memory
limit_own_memory(1_000_000_000, *sys.argv[1:])
try:
    np.empty(2_000_000_000, np.uint8)  # without a value, so that no page of it is touched
except MemoryError:
    print("refused")
"""


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        pytest.param(
            [], "refused", marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux alone")
        ),
        (["win32"], ""),
    ],
)
def test_a_process_is_refused_memory_where_the_system_can(arguments, printed):
    command = [sys.executable, "-c", LIMITED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == printed


def test_a_file_is_read_as_it_is_after_its_cache_was_dropped(tmp_path, monkeypatch):
    """Also where the system knows no way to drop it."""
    path = tmp_path / "a"
    path.write_bytes(b"sound")
    for _ in range(2):
        with path.open("rb") as file:
            drop_cached(file.fileno())
            assert file.read() == b"sound"
        monkeypatch.delattr(os, "posix_fadvise", raising=False)


def test_a_folder_is_synchronised_where_it_can_be_opened(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    sync_folder(tmp_path / "none")
    assert not synced
    if sys.platform != "win32":
        sync_folder(tmp_path)
        assert len(synced) == 1

    def refuse(*_):
        raise PermissionError(errno.EACCES, "as Windows does")

    monkeypatch.setattr(os, "open", refuse)
    sync_folder(tmp_path)
    assert len(synced) <= 1


@pytest.mark.parametrize(
    ("separator", "folder", "inside", "outside"),
    [
        ("/", "/music", "/music/a.mp3", "/music2/a.mp3"),
        ("/", "/", "/a.mp3", "a.mp3"),
        ("\\", "C:\\music", "C:\\music\\a.mp3", "C:\\musical\\a.mp3"),
        ("\\", "C:\\", "C:\\a.mp3", "D:\\a.mp3"),
        ("\\", "\\\\nas\\music", "\\\\nas\\music\\a.mp3", "\\\\nas\\a.mp3"),
    ],
)
def test_a_path_lies_within_a_folder(separator, folder, inside, outside):
    assert is_within(inside, folder, separator)
    assert is_within(folder, folder, separator)
    assert not is_within(outside, folder, separator)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows holds no folder")
def test_a_long_wait_for_a_folder_is_told_once(tmp_path):
    told = threading.Event()

    def wait():
        with system.locked(tmp_path, told.set, patience_s=0.0):
            return told.is_set()

    with ThreadPoolExecutor(1) as pool:
        with system.locked(tmp_path, lambda: pytest.fail("nobody holds it")):
            other = pool.submit(wait)
            assert told.wait(5)
            assert not other.done()
        assert other.result(5)


WORKS = "print(flush=True); kept = bytes(range(256)) * 200_000; input(); list(range(10_000_000))"
WORKS += "; print(flush=True); input()"


@pytest.mark.parametrize("platform", sorted({"other", sys.platform}))
def test_usage_is_what_a_process_has_used_so_far(platform):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", WORKS], **pipes) as process:
        process.stdout.readline()
        before_s, _ = process_usage(process.pid, platform)
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        spent_s, memory_mb = process_usage(process.pid, platform)
        process.communicate(b"\n")
    assert 0.0 < spent_s - before_s < 60.0
    assert 50.0 < memory_mb < 500.0
    assert process_usage(process.pid, platform) == (0.0, 0.0)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is only one way")
def test_both_ways_to_ask_for_usage_agree():
    ours_s, ours_mb = process_usage(os.getpid())
    theirs_s, theirs_mb = process_usage(os.getpid(), "other")
    assert ours_s == pytest.approx(theirs_s, abs=1.0)
    assert ours_mb == pytest.approx(theirs_mb, rel=0.1)
