"""Processes that run one function call at a time, isolated from each other.

A decoder works on files from anywhere: it may crash, hang or eat the memory. Here such a call fails
alone; the process is replaced and the rest goes on. Processes are started as fresh interpreters, so
a script that uses the library needs no `if __name__ == "__main__"`. They end with their parent,
however that ends.
"""

import gc
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from playlist_builder.errors import PlaylistBuilderError, system_reason
from playlist_builder.files.system import (
    ONE_THREAD,
    exit_reason,
    limit_own_memory,
    own_group,
    process_usage,
)
from playlist_builder.language.translation import Phrase

P = ParamSpec("P")
T = TypeVar("T")
Call = tuple[Callable[..., Any], Any, Any]

LIMIT_S = 900.0  # longest time for one call; ten hours of audio take about a minute
LIMIT_MB = 1000.0  # most memory of a process, in units of 10^6 bytes; a track takes less than 200
WATCH_S = 0.05  # between two checks. A process that writes at 5 GB/s gains 0.25 GB in it
EXIT_S = 5.0  # a process that no longer answers has this long to be gone
MAX_CHECK_S = 2.0  # between two checks; beyond it the machine was asleep, no fault of the call
ADDRESS_SPACE_FACTOR = 2.0
"""Where the system can refuse memory, so many times the limit may be asked for: not all that is
asked for is used, and what is used is watched."""

MIN_BUSY_SHARE = 0.1  # a call that worked less of its time was waiting, as for a hanging share


class WorkerDied(PlaylistBuilderError):  # noqa: N818 - it is what happened, as a sentence would say it
    """A call that took its process with it, or was stopped at a limit."""


class WorkerLost(WorkerDied):
    """A call whose process ended or waited through no fault of the call, as far as can be told."""


class Workers(Executor):
    """An executor of `jobs` processes, where a call has `limit_s` and `limit_mb` (10^6 bytes).

    The result of a call whose process died is the exception `WorkerDied`; of one that the system or
    somebody killed, `WorkerLost`.
    """

    def __init__(self, jobs: int, *, limit_s: float = LIMIT_S, limit_mb: float = LIMIT_MB) -> None:
        self._limit_s, self._limit_mb = limit_s, limit_mb
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="worker")
        self._own = threading.local()
        self._processes: set[_Process] = set()
        self._ended = threading.Event()
        threading.Thread(target=self._watch, name="watcher", daemon=True).start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a top-level function in one of the processes."""
        return self._threads.submit(self._call, (fn, args, kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the signature of Executor
        """Stop; with `cancel_futures` at once, killing what is running."""
        if cancel_futures:
            self._threads.shutdown(wait=False, cancel_futures=True)
            for process in tuple(self._processes):
                process.kill()
        self._threads.shutdown(wait=wait)
        self._ended.set()
        for process in tuple(self._processes):
            process.end()
        self._processes.clear()

    def _call(self, call: Call) -> Any:  # noqa: ANN401
        process: _Process | None = getattr(self._own, "process", None)
        if process is None:
            try:
                process = self._own.process = _Process(self._limit_s, self._limit_mb)
            except OSError as error:
                raise WorkerLost("could not be started: {why}", why=system_reason(error)) from error
            self._processes.add(process)
        try:
            return process.run(call)
        finally:
            if process.is_dead:
                self._own.process = None
                self._processes.discard(process)
                process.end()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._ended.wait(WATCH_S):
            now = time.monotonic()
            for process in tuple(self._processes):
                process.check(min(now - before, MAX_CHECK_S))
            before = now


class _Process:
    """One process: a thread calls it, another one watches it."""

    def __init__(self, limit_s: float, limit_mb: float) -> None:
        self._limit_s, self._limit_mb = limit_s, limit_mb
        self._process = _start(limit_mb)
        self._lock = threading.Lock()
        self._spent_s: float | None = None  # by the call that runs
        self._began_s = 0.0  # time of the processor before that call
        self._exceeded, self._waited = Phrase(""), False
        self.is_dead = False

    def run(self, call: Call) -> Any:  # noqa: ANN401
        """Return what a call gives, or raise what it raises; or `WorkerDied`."""
        assert self._process.stdin is not None  # noqa: S101 - asked for in `_start`
        assert self._process.stdout is not None  # noqa: S101
        with self._lock:
            self._spent_s = 0.0
        try:
            pickle.dump(call, self._process.stdin)
            self._process.stdin.flush()
            succeeded, result = pickle.load(self._process.stdout)  # noqa: S301 - our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.is_dead = True
            raise self._death() from error
        finally:
            with self._lock:
                self._spent_s = None
                self.is_dead = self.is_dead or bool(self._exceeded)
        if isinstance(result, MemoryError):
            self.is_dead = True  # what else it failed to get, nobody knows
            raise WorkerDied(self._too_much_memory())
        if not succeeded:
            raise result
        return result

    def check(self, passed_s: float) -> None:
        """Kill the process if its call has gone beyond a limit."""
        with self._lock:
            if self._spent_s is None or self._exceeded:
                return
            processor_s, memory_mb = process_usage(self._process.pid)
            if not self._spent_s:
                self._began_s = processor_s
            self._spent_s += passed_s
            if self._spent_s >= self._limit_s:
                self._exceeded = Phrase(
                    "gave no result within {limit_s:.0f} s", limit_s=self._limit_s
                )
                self._waited = processor_s - self._began_s < MIN_BUSY_SHARE * self._spent_s
            elif memory_mb > self._limit_mb:
                self._exceeded = self._too_much_memory()
            if self._exceeded:
                self._process.kill()

    def kill(self) -> None:
        """End the process; its call fails."""
        self._process.kill()

    def end(self) -> None:
        """End the process and leave nothing behind."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was still to be sent has no reader any more
                    pipe.close()

    def _death(self) -> WorkerDied:
        if self._exceeded:
            return WorkerLost(self._exceeded) if self._waited else WorkerDied(self._exceeded)
        try:
            code = self._process.wait(EXIT_S)
        except subprocess.TimeoutExpired:
            return WorkerLost("stopped answering")
        reason = exit_reason(code)
        if reason == "crashed":
            return WorkerDied("crashed")
        if reason == "killed":
            return WorkerLost("was killed from outside")
        return WorkerLost("ended with code {code}", code=code)

    def _too_much_memory(self) -> Phrase:
        return Phrase("needs more than {limit_mb:.0f} MB of memory", limit_mb=self._limit_mb)


def _start(limit_mb: float) -> subprocess.Popen[bytes]:
    # Modules come from where the parent has them: never from the folder that happens to be the
    # current one, which may be full of files from anywhere.
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import answer; answer()"
    # A group of its own: Ctrl-C is for the parent, which then decides what becomes of the work.
    return subprocess.Popen(  # noqa: S603 - this very module, by the running Python
        [sys.executable, "-P", "-c", code, str(int(ADDRESS_SPACE_FACTOR * limit_mb * 1e6))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
        **own_group(),
    )


def answer() -> None:
    """Answer calls from standard input until it closes, as it does when the parent is gone."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not be taken for an answer
    limit_own_memory(int(sys.argv[1]))
    gc.disable()  # while the first call loads modules, which are no garbage
    calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(calls,), daemon=True).start()
    while True:
        fn, args, kwargs = calls.get()
        try:
            result = True, fn(*args, **kwargs)
        except MemoryError:
            result = False, MemoryError()
        except Exception as error:  # noqa: BLE001 - raised again in the parent
            result = False, error
        pickle.dump(result, answers)
        answers.flush()
        if not gc.isenabled():
            gc.freeze()
            gc.enable()


def _receive(calls: "queue.SimpleQueue[Call]") -> None:
    """Take calls as they come; without a parent the process ends, whatever it is doing."""
    try:
        while True:
            calls.put(pickle.load(sys.stdin.buffer))  # noqa: S301 - from our own parent
    finally:
        os._exit(0)


_isolated: Workers | None = None
_isolated_lock = threading.Lock()


def run_isolated(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a top-level function in a process of its own, within the limits, and wait for it.

    For executors that have no limits per call, such as those of a cluster. Raises as the function
    does, or `WorkerDied`.
    """
    global _isolated  # noqa: PLW0603 - one for the whole process, which other code started
    with _isolated_lock:
        if _isolated is None:
            _isolated = Workers(os.cpu_count() or 1)
    return _isolated.submit(fn, *args, **kwargs).result()
