"""A call that crashes or hangs fails alone, and the others go on."""

import math
import os
import time

import pytest

from playlist_builder.workers import ONE_THREAD, WorkerDied, Workers


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
    with pytest.raises(WorkerDied, match=r"^crashed$"):
        deadly.result()
    assert after.result() != first.result()


@pytest.mark.parametrize("attempt", range(3))
def test_time_limit(attempt):
    """A call beyond the limit is killed and says so; the next one has its own full time."""
    with Workers(1, limit_s=1.0) as workers:
        assert workers.submit(abs, -attempt).result() == attempt
        began = time.monotonic()
        with pytest.raises(WorkerDied, match=r"^gave no result within 1 s$"):
            workers.submit(time.sleep, 60).result()
        assert time.monotonic() - began < 20
        assert workers.submit(abs, -7).result() == 7


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
