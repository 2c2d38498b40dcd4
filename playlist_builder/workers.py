"""Processes that run one function call at a time, each apart from the others.

A decoder works on files from anywhere: it may crash or hang. Here such a call fails alone; the
process is replaced and the rest goes on. Processes are started as fresh interpreters, so a script
that uses the library needs no `if __name__ == "__main__"`.
"""

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Each process has one core; threads of the linear algebra would fight over it."""


class WorkerDied(Exception):  # noqa: N818 - it is what happened, as a sentence would say it
    """A call that took its process with it, or was stopped at the time limit."""


class Workers(Executor):
    """An executor of `jobs` processes; a call that runs longer than `limit_s` is killed.

    The result of a call whose process died is the exception `WorkerDied`.
    """

    def __init__(self, jobs: int, *, limit_s: float) -> None:
        self._limit_s = limit_s
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="worker")
        self._own = threading.local()
        self._processes: set[subprocess.Popen[bytes]] = set()

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
        for process in tuple(self._processes):
            _end(process)
        self._processes.clear()

    def _call(self, fn: Callable[..., T], args: Any, kwargs: Any) -> T:  # noqa: ANN401
        process = self._process()
        began = time.monotonic()
        timer = threading.Timer(self._limit_s, process.kill)
        timer.start()
        try:
            assert process.stdin is not None  # noqa: S101 - asked for in `_start`
            assert process.stdout is not None  # noqa: S101
            pickle.dump((fn, args, kwargs), process.stdin)
            process.stdin.flush()
            succeeded, result = pickle.load(process.stdout)  # noqa: S301 - our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            timed_out = time.monotonic() - began >= self._limit_s
            self._processes.discard(process)
            _end(process)
            self._own.process = None
            raise WorkerDied(
                f"gave no result within {self._limit_s:.0f} s" if timed_out else "crashed"
            ) from error
        finally:
            timer.cancel()
        if not succeeded:
            raise result
        return result  # type: ignore[no-any-return]

    def _process(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None:
            process = self._own.process = _start()
            self._processes.add(process)
        return process


def _start() -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C is for the parent, which then decides what becomes of the work.
    group: dict[str, Any]
    if sys.platform == "win32":
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        group = {"start_new_session": True}
    return subprocess.Popen(  # noqa: S603 - this very module, by the running Python
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
        **group,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was still to be sent has no reader any more
                pipe.close()


def serve() -> None:
    """Answer calls from standard input until it closes, as it does when the parent is gone."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not be taken for an answer
    while True:
        try:
            fn, args, kwargs = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
        except EOFError:
            return
        try:
            answer = True, fn(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - raised again in the parent
            answer = False, error
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    serve()
