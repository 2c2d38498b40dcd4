"""Processes that run one function call at a time, each apart from the others.

A decoder works on files from anywhere: it may crash, hang or eat the memory. Here such a call fails
alone; the process is replaced and the rest goes on. Processes are started as fresh interpreters, so
a script that uses the library needs no `if __name__ == "__main__"`. They end with their parent,
however that ends.
"""

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Each process has one core; threads of the linear algebra would fight over it."""

LIMIT_S = 900.0
"""Longest time for one call; ten hours of audio take about a minute."""

LIMIT_MB = 1000.0
"""Most memory for one process, in units of 10^6 bytes; a track takes less than 200."""

WATCH_S = 0.05
"""Between two looks at the processes. One that writes at 5 GB/s gains a quarter of a GB in it."""

ENDS_WITHIN_S = 5.0
"""A process that no longer answers has this long to be gone."""

LONGEST_STEP_S = 2.0
"""What lies beyond it between two looks was a machine asleep, for which no call has to answer."""

ASKED_AT_ONCE = 2.0
"""Where the system can refuse memory, so many times the limit may be asked for: not all that is
asked for is used, and what is used is watched."""


FAULTS = frozenset(
    signal.Signals[name].value
    for name in ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS", "SIGTRAP")
    if name in signal.Signals.__members__
)
"""Signals that a process brings upon itself. All others come from outside."""

WINDOWS_FAULT = 0xC000_0000
"""From here on the exit codes of Windows are errors such as an access violation."""

BUSY = 0.1
"""A call that worked less than this share of its time was waiting, as for a share that hangs."""


class WorkerDied(Exception):  # noqa: N818 - it is what happened, as a sentence would say it
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
        return self._threads.submit(self._call, fn, args, kwargs)

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

    def _call(self, fn: Callable[..., T], args: Any, kwargs: Any) -> T:  # noqa: ANN401
        process: _Process | None = getattr(self._own, "process", None)
        if process is None:
            try:
                process = self._own.process = _Process(self._limit_s, self._limit_mb)
            except OSError as error:
                raise WorkerLost(f"could not be started: {error.strerror or error}") from error
            self._processes.add(process)
        try:
            return process.call(fn, args, kwargs)  # type: ignore[no-any-return]
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
                process.judge(min(now - before, LONGEST_STEP_S))
            before = now


class _Process:
    """One process: a thread calls it, another one watches it."""

    def __init__(self, limit_s: float, limit_mb: float) -> None:
        self._limit_s, self._limit_mb = limit_s, limit_mb
        self._process = _start(limit_mb)
        self._lock = threading.Lock()
        self._spent_s: float | None = None  # by the call that runs
        self._began_s = 0.0  # time of the processor before that call
        self._verdict, self._waited = "", False
        self.is_dead = False

    def call(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:  # noqa: ANN401
        """Return what a call gives, or raise what it raises; or `WorkerDied`."""
        assert self._process.stdin is not None  # noqa: S101 - asked for in `_start`
        assert self._process.stdout is not None  # noqa: S101
        with self._lock:
            self._spent_s = 0.0
        try:
            pickle.dump((fn, args, kwargs), self._process.stdin)
            self._process.stdin.flush()
            succeeded, result = pickle.load(self._process.stdout)  # noqa: S301 - our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.is_dead = True
            raise self._death() from error
        finally:
            with self._lock:
                self._spent_s = None
                self.is_dead = self.is_dead or bool(self._verdict)
        if isinstance(result, MemoryError):
            self.is_dead = True  # what else it failed to get, nobody knows
            raise WorkerDied(self._too_much())
        if not succeeded:
            raise result
        return result

    def judge(self, passed_s: float) -> None:
        """Kill the process if its call has gone beyond a limit."""
        with self._lock:
            if self._spent_s is None or self._verdict:
                return
            if not self._spent_s:
                self._began_s = _processor_s(self._process.pid)
            self._spent_s += passed_s
            if self._spent_s >= self._limit_s:
                self._verdict = f"gave no result within {self._limit_s:.0f} s"
                worked_s = _processor_s(self._process.pid) - self._began_s
                self._waited = worked_s < BUSY * self._spent_s
            elif _memory_mb(self._process.pid) > self._limit_mb:
                self._verdict = self._too_much()
            if self._verdict:
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
        if self._verdict:
            return WorkerLost(self._verdict) if self._waited else WorkerDied(self._verdict)
        try:
            code = self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            return WorkerLost("stopped answering")
        if -code in FAULTS or code >= WINDOWS_FAULT:
            return WorkerDied("crashed")
        return WorkerLost("was killed from outside" if code < 0 else f"ended with code {code}")

    def _too_much(self) -> str:
        return f"needs more than {self._limit_mb:.0f} MB of memory"


def _start(limit_mb: float) -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C is for the parent, which then decides what becomes of the work.
    group: dict[str, Any]
    if sys.platform == "win32":
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        group = {"start_new_session": True}
    # Modules come from where the parent has them: never from the folder that happens to be the
    # current one, which may be full of files from anywhere.
    serving = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
    return subprocess.Popen(  # noqa: S603 - this very module, by the running Python
        [sys.executable, "-P", "-c", serving, str(int(ASKED_AT_ONCE * limit_mb * 1e6))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
        **group,
    )


def _memory_mb(pid: int) -> float:
    import psutil  # noqa: PLC0415 - not every scan decodes

    try:
        return psutil.Process(pid).memory_info().rss / 1e6  # type: ignore[no-any-return]
    except psutil.Error:  # it has just ended
        return 0.0


def _processor_s(pid: int) -> float:
    import psutil  # noqa: PLC0415 - as above

    try:
        spent = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(spent.user + spent.system)


def serve() -> None:
    """Answer calls from standard input until it closes, as it does when the parent is gone."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not be taken for an answer
    _limit_memory(int(sys.argv[1]))
    calls: queue.SimpleQueue[tuple[Callable[..., Any], Any, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(calls,), daemon=True).start()
    while True:
        fn, args, kwargs = calls.get()
        try:
            answer = True, fn(*args, **kwargs)
        except MemoryError:
            answer = False, MemoryError()
        except Exception as error:  # noqa: BLE001 - raised again in the parent
            answer = False, error
        pickle.dump(answer, answers)
        answers.flush()


def _listen(calls: "queue.SimpleQueue[tuple[Callable[..., Any], Any, Any]]") -> None:
    """Take calls as they come; without a parent the process ends, whatever it is doing."""
    try:
        while True:
            calls.put(pickle.load(sys.stdin.buffer))  # noqa: S301 - from our own parent
    finally:
        os._exit(0)


def _limit_memory(most_bytes: int) -> None:
    """Have the system refuse memory, and take this process first where there is none left.

    Linux does both. macOS and Windows do neither, and the parent's watch is all there is.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has none

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


_apart: Workers | None = None
_apart_lock = threading.Lock()


def apart(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a top-level function in a process of its own, within the limits, and wait for it.

    For executors that have no limits per call, such as those of a cluster. Raises as the function
    does, or `WorkerDied`.
    """
    global _apart  # noqa: PLW0603 - one for the whole process, which other code started
    with _apart_lock:
        if _apart is None:
            _apart = Workers(os.cpu_count() or 1)
    return _apart.submit(fn, *args, **kwargs).result()
