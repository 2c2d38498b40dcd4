"""A call that crashes, hangs or eats memory fails alone, and the others go on."""

import ctypes
import json
import math
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

import playlist_builder.library.scan.processes
from playlist_builder.files.system import ONE_THREAD
from playlist_builder.library.scan.processes import (
    WorkerDied,
    WorkerLost,
    Workers,
    run_isolated,
)


@pytest.fixture
def workers():
    """One process, so that each call meets what the call before it left behind."""
    with Workers(1, limit_s=60.0) as one:
        yield one


def test_result(workers):
    """A call gives its result, with arguments of every kind, from an other process."""
    assert workers.submit(math.gcd, 12, 18).result() == 6
    assert workers.submit(int, "ff", base=16).result() == 255
    assert workers.submit(os.getpid).result() not in (os.getpid(), None)


def test_process_is_kept(workers):
    """Calls that end well share a process: starting one costs more than many calls."""
    assert workers.submit(os.getpid).result() == workers.submit(os.getpid).result()


def test_exception_is_raised_in_parent(workers):
    """An error in the function is raised by the future, and the process stays."""
    before = workers.submit(os.getpid).result()
    with pytest.raises(ValueError, match="math domain error"):
        workers.submit(math.sqrt, -1.0).result()
    assert workers.submit(os.getpid).result() == before


def test_death_fails_its_call_alone(workers):
    """A process that dies fails the call that killed it; those behind it get a new process."""
    first = workers.submit(os.getpid)
    deadly = workers.submit(os._exit, 3)
    after = workers.submit(os.getpid)
    with pytest.raises(WorkerLost, match=r"^ended with code 3$"):
        deadly.result()
    assert after.result() != first.result()


@pytest.mark.parametrize("attempt", range(3))
def test_time_limit(attempt):
    """A call beyond the limit is killed and says so; the next one has its own full time."""
    with Workers(1, limit_s=1.0) as workers:
        assert workers.submit(abs, -attempt).result() == attempt
        began = time.monotonic()
        with pytest.raises(WorkerLost, match=r"^gave no result within 1 s$"):
            workers.submit(time.sleep, 60).result()
        assert time.monotonic() - began < 20
        assert workers.submit(abs, -7).result() == 7


def test_only_a_call_that_works_all_the_time_is_at_fault_for_it():
    """One that waits, as for a share that hangs, is lost and may be tried again."""
    with Workers(1, limit_s=2.0) as workers:
        with pytest.raises(WorkerDied, match=r"^gave no result within 2 s$") as caught:
            workers.submit(sum, range(10**12)).result()
        assert not isinstance(caught.value, WorkerLost)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no signals")
def test_what_ends_a_whole_group_is_no_fault_of_a_call(workers):
    """As a shutdown does."""
    pid = workers.submit(os.getpid).result()
    running = workers.submit(time.sleep, 60)
    while not running.running():
        time.sleep(0.01)
    os.kill(pid, signal.SIGTERM)
    with pytest.raises(WorkerLost, match=r"^was killed from outside$"):
        running.result()


def test_printing_is_no_answer(workers):
    """What a call prints to standard output is not taken for its result."""
    assert workers.submit(os.write, 1, b"noise").result() == 5


def test_one_thread_each(workers):
    """A process leaves the other cores to the other processes."""
    for name, value in ONE_THREAD.items():
        assert workers.submit(os.getenv, name).result() == value


def test_stop_at_once():
    """Stopping with cancellation does not wait for what is running."""
    workers = Workers(1, limit_s=60.0)
    running, waiting = workers.submit(time.sleep, 60), workers.submit(abs, -1)
    while not running.running():
        time.sleep(0.01)
    time.sleep(0.3)
    began = time.monotonic()
    workers.shutdown(cancel_futures=True)
    assert time.monotonic() - began < 20
    assert waiting.cancelled()
    assert isinstance(running.exception(), WorkerDied)


def test_crash_in_native_code(workers):
    """A segmentation fault, as of a codec, is a crash of its call alone."""
    with pytest.raises(WorkerDied, match=r"^crashed$"):
        workers.submit(ctypes.string_at, 0).result()
    assert workers.submit(abs, -7).result() == 7


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no signals")
def test_killed_from_outside(workers):
    """A process that somebody killed, as a system without memory does, says so."""
    pid = workers.submit(os.getpid).result()
    running = workers.submit(time.sleep, 60)
    while not running.running():
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerLost, match=r"^was killed from outside$"):
        running.result()
    assert workers.submit(abs, -7).result() == 7


def test_memory_that_is_filled():
    """A call that fills more than the limit is killed, and says so."""
    with Workers(1, limit_s=60.0, limit_mb=300) as workers:
        with pytest.raises(WorkerDied, match=r"^needs more than 300 MB of memory$"):
            workers.submit(exec, FILL).result()
        assert workers.submit(abs, -7).result() == 7


FILL = """
import time
held = []
while True:
    held.append(b"x" * 5_000_000)
    time.sleep(0.005)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux refuses memory that is asked for")
def test_memory_that_is_asked_for():
    """A call that asks for far too much at once is refused it before it can write to it."""
    with Workers(1, limit_s=60.0, limit_mb=300) as workers:
        with pytest.raises(WorkerDied, match=r"^needs more than 300 MB of memory$"):
            workers.submit(bytearray, 50_000_000_000).result()
        assert workers.submit(abs, -7).result() == 7


def test_memory_within_the_limit(workers):
    """What a hard track takes is granted."""
    assert len(workers.submit(bytes, 500_000_000).result()) == 500_000_000


def test_sleep_of_the_machine_is_not_the_call_s(monkeypatch):
    """Hours that pass between two looks, as on a laptop that is closed, do not count."""
    real, leaps = time.monotonic, iter(range(10**9))
    monkeypatch.setattr(
        playlist_builder.library.scan.processes.time,
        "monotonic",
        lambda: real() + 3600 * (next(leaps) > 20),
    )
    with Workers(1, limit_s=30.0) as workers:
        assert workers.submit(time.sleep, 3).result() is None


def test_current_folder_is_no_place_for_modules(tmp_path):
    """A file in a folder of music is never run, whatever its name."""
    canary = tmp_path / "canary"
    for name in ("numpy", "pickle", "playlist_builder"):
        (tmp_path / f"{name}.py").write_text(f"open({os.fspath(canary)!r}, 'w')")
    (tmp_path / "a.mp3").write_bytes(b"none")
    program = "from playlist_builder.cli import main; main()"  # as the installed script has it
    command = [sys.executable, "-P", "-c", program, "scan", ".", "--json", "--library", "new.db"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["skipped"][0]["reason"].startswith("not audio")
    assert not canary.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no signals")
@pytest.mark.parametrize("doing", ["time.sleep, 60", "exec, 'while True: pass'", "abs, 1"])
def test_end_with_the_parent(doing):
    """Processes end at once when their parent is killed, whatever they are doing."""
    script = f"""
import os, time
from playlist_builder.library.scan.processes import Workers
workers = Workers(1, limit_s=600)
print(workers.submit(os.getpid).result(), flush=True)
workers.submit({doing})
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        time.sleep(0.3)
        assert psutil.pid_exists(pid)
        parent.kill()
    _, alive = psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], 20)
    assert not alive


def test_run_isolated():
    """One call in a process of its own, with the same limits, for those who have no executor."""
    assert run_isolated(os.getpid) == run_isolated(os.getpid) != os.getpid()
    with pytest.raises(WorkerLost, match=r"^ended with code 3$"):
        run_isolated(os._exit, 3)
    with pytest.raises(ZeroDivisionError):
        run_isolated(divmod, 1, 0)
