"""Many machines as one executor for `Library.scan`: the workers of a dask scheduler.

Every call runs within the limits of `scan.processes`, isolated from the process that dask watches,
so that a file which crashes its decoder takes no worker with it. A worker that is lost costs what
it was doing: dask does that again elsewhere.

The machines must see the music under the same paths, and run the same version of this package; what
does not is refused, so that no other measure or file gets into the library. Give only a scheduler
that you trust: what it sends is believed, and its workers run what they are sent.
"""

import asyncio
import importlib.metadata
import logging
import os
import re
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, Self, TypeVar

import distributed

from playlist_builder.analysis.features import FEATURES_VERSION
from playlist_builder.errors import ClusterError
from playlist_builder.language.translation import Phrase
from playlist_builder.library.scan.processes import WorkerLost, run_isolated
from playlist_builder.networks.music import EMBEDDING_VERSION
from playlist_builder.vocals.detector import VOICE_VERSION

P = ParamSpec("P")
T = TypeVar("T")

CONNECT_S = 5.0  # for reaching the scheduler, and for a first worker to be there
NO_WORKERS_S = 30.0  # for a worker to come back, or another one to come, where none is left
CHECK_S = 1.0  # between two checks of the workers

_ADDRESS = re.compile(r"(?:tcp|tls|wss?)://.+:[0-9]+")
_LOGGERS = ("distributed", "distributed.client", "distributed.comm", "distributed.core")


def version() -> str:
    """Return what two machines must share to measure the same."""
    package = importlib.metadata.version("playlist-builder")
    parts = f"features {FEATURES_VERSION}, voices {VOICE_VERSION}, embeddings {EMBEDDING_VERSION}"
    return f"{package} ({parts})"


class Cluster(Executor):
    """An executor on the workers of the scheduler at `address`, such as `tcp://host:8786`.

    Raises `ClusterError` where it cannot be reached, has no workers, or has some that run another
    version of this package or do not see one of the `folders`.
    """

    def __init__(self, address: str, folders: Sequence[str] = ()) -> None:
        self._address = address
        self._client = _connected(address)
        self._executor = self._client.get_executor(pure=False)
        try:
            self._check_workers(folders)
        except BaseException:
            self._client.close(CONNECT_S)
            raise
        self._loss = Phrase("The scheduler at {address} has gone", address=address)
        self._ended = threading.Event()
        threading.Thread(target=self._watch, name="cluster", daemon=True).start()

    @property
    def jobs(self) -> int:
        """How many calls the workers run at once."""
        return sum(self._client.nthreads().values())

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a top-level function on one of the machines; `WorkerLost` where that fails."""
        ours: Future[T] = Future()
        theirs = self._executor.submit(run_on_worker, version(), fn, args, kwargs)
        ours.add_done_callback(lambda _: theirs.cancel())
        theirs.add_done_callback(lambda _: self._pass_on(theirs, ours))
        return ours

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the signature of Executor
        """Let go of the workers, which stay."""
        self._ended.set()
        self._executor.shutdown(wait and not cancel_futures)
        self._client.close(CONNECT_S)

    def __enter__(self) -> Self:
        return self

    def _watch(self) -> None:
        """Give up where nobody is left to work: dask would wait for ever."""
        without_s = 0.0
        while without_s < NO_WORKERS_S:
            if self._ended.wait(CHECK_S):
                return
            with suppress(Exception):  # a scheduler that has gone fails the calls themselves
                without_s = 0.0 if self.jobs else without_s + CHECK_S
        self._loss = Phrase(
            "The workers of the scheduler at {address} have gone", address=self._address
        )
        self._executor.shutdown(wait=False)

    def _pass_on(self, theirs: "Future[T]", ours: "Future[T]") -> None:
        if not ours.set_running_or_notify_cancel():
            return
        try:
            ours.set_result(theirs.result())
        except distributed.KilledWorker:
            ours.set_exception(WorkerLost("took its machine's worker with it, again and again"))
        except ImportError as error:
            ours.set_exception(WorkerLost("is not installed on a worker: {why}", why=error))
        except (CancelledError, distributed.CancelledError, OSError):
            ours.set_exception(
                ClusterError(
                    "{loss}. What was scanned is kept; scan again when that is repaired.",
                    loss=self._loss,
                )
            )
        except Exception as error:  # noqa: BLE001 - of the function, raised where it is asked for
            ours.set_exception(error)

    def _check_workers(self, folders: Sequence[str]) -> None:
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError as error:
            raise ClusterError(
                "The scheduler at {address} has no workers. Start some: dask worker {address}",
                address=self._address,
            ) from error
        absolute = [os.path.abspath(folder) for folder in folders]
        answers: dict[str, Any] = self._client.run(
            incompatibility, version(), absolute, on_error="return"
        )
        for worker, answer in answers.items():
            match answer:
                case "":
                    continue
                case ImportError():
                    why: str = Phrase(
                        "has no playlist_builder, or an older one ({error}). Install it there",
                        error=answer,
                    )
                case BaseException():
                    why = Phrase("cannot work: {error}", error=answer)
                case _:
                    why = answer
            raise ClusterError("The worker at {worker} {why}.", worker=worker, why=why)


def incompatibility(wanted: str, folders: Sequence[str]) -> str:
    """Return why this machine cannot scan `folders`, empty where it can. Runs on a worker."""
    if version() != wanted:
        return Phrase(
            "has playlist_builder {theirs}, and here is {ours}. Install the same there",
            theirs=version(),
            ours=wanted,
        )
    for folder in folders:
        if not os.path.exists(folder):
            return Phrase("sees no {folder}. Mount it there under the same path", folder=folder)
    return ""


def run_on_worker(wanted: str, fn: Callable[..., T], args: Any, kwargs: Any) -> T:  # noqa: ANN401
    """Run a call on a worker, which may have joined after `incompatibility` was asked."""
    if version() != wanted:
        raise WorkerLost(
            "is another one on a worker: {theirs}, not {ours}", theirs=version(), ours=wanted
        )
    return run_isolated(fn, *args, **kwargs)


def _connected(address: str) -> Any:  # noqa: ANN401 - distributed is not typed
    try:
        if not _ADDRESS.fullmatch(address):
            raise ValueError(address)  # noqa: TRY301 - distributed would say so less clearly
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with ThreadPoolExecutor(1) as thread:  # where a loop of the caller's does not run
                thread.submit(asyncio.run, _greet(address)).result()
            client: Any = distributed.Client
            connected = client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            "No dask scheduler answers at {address!r}. Give one such as tcp://host:8786,"
            " and see that it runs and is of the same version of distributed.",
            address=address,
        ) from error
    for name in _LOGGERS:  # what they have to say comes as errors here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return connected


async def _greet(address: str) -> None:
    """Raise TimeoutError where somebody listens and says nothing: a client waits for ever."""
    connect: Any = distributed.comm.core.connect
    async with asyncio.timeout(CONNECT_S):
        comm = await connect(address, timeout=CONNECT_S)
    comm.abort()
