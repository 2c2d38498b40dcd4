"""What all requests to the desk share: one thread for the library, and who is told of changes.

The library, its session and its editor live in that thread, so that one command runs after another;
of those that replace each other, such as the steps of dragging a point, the newest wins, and those
that take long give way to what is urgent (see `turns`). One page
holds the desk: the others look on, until they ask to take over.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from threading import Event
from typing import Any, TypeVar

from playlist_builder import PlaylistBuilderError, StoppedError, check_stopped, stoppable
from playlist_builder.desk.arguments import WAITED
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.turns import ASKED, BACKGROUND, Turn, Way

T = TypeVar("T")
NEVER = Event()
TEND_S = 5.0  # between two looks at what waits to be written
LEFT_S = 3.0  # after which a page that is gone holds the desk no more
LISTENS_S = 15.0  # in which a page that takes the desk over listens
BACK_S = 6.0  # after a start, in which the page that held it before is back


class Superseded(Exception):  # noqa: N818 - no error: a newer command took its place
    """A newer command of the same kind came before this one had its turn."""


class Desk:
    """The bench in its thread, and the pages that look at it."""

    def __init__(self, make: Callable[[], Bench]) -> None:
        """Take how the bench is made, which happens in its thread."""
        self._make = make
        self._thread = ThreadPoolExecutor(1, "desk-library")
        self._bench: Bench | None = None
        self._newest: Counter[str] = Counter()
        self._turns: list[Turn] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tending: asyncio.Task[None] | None = None
        self._pages: dict[asyncio.Queue[str], str] = {}
        self._served_s = 0.0
        self.holder = ""

    def open(self) -> None:
        """Open the library, before anything is served; raises LibraryError."""
        self._bench = self._thread.submit(self._make).result()

    def serve(self) -> None:
        """Take note of the thread of the server, in which this is called."""
        self._loop = asyncio.get_running_loop()
        self._served_s = self._loop.time()
        self._tending = self._loop.create_task(self._tend())

    async def close(self) -> None:
        """Close the library."""
        if self._tending is not None:
            self._tending.cancel()
        await self.call(self.bench.close)
        self._thread.shutdown()

    @property
    def bench(self) -> Bench:
        """The bench, to be used in its thread alone."""
        if self._bench is None:
            raise AssertionError("the desk was not opened")
        return self._bench

    async def call(self, function: Callable[[], T]) -> T:
        """Run a function in the thread of the library."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def ask(self, function: Callable[[Bench], T]) -> T:
        """Run a function of the bench in the thread of the library, from another one.

        The pages are told where it changed something. What is urgent stops it; then it has its turn
        once more. Raises RuntimeError where the server has ended.
        """
        if self._loop is None:
            raise AssertionError("the desk is not served")
        return asyncio.run_coroutine_threadsafe(self._asked(function), self._loop).result()

    async def _asked(self, function: Callable[[Bench], T]) -> T:
        def run() -> T:
            with stoppable(turn.stop.is_set):
                return function(self.bench)

        before = self.bench.version
        while True:
            turn = Turn(ASKED, {})
            try:
                with self._taking(turn):
                    return await self.call(run)
            except StoppedError:
                continue
            finally:
                if self.bench.version != before:
                    self.tell("state", {"version": self.bench.version})

    async def do(
        self, name: str, given: Mapping[str, Any], *, seen: int | None, left: Event = NEVER
    ) -> tuple[bool, Any, dict[str, Any]]:
        """Run a command on the version that its page has seen.

        Return whether it ran, its answer, and the state after it; it does not run where the session
        has changed since, and no longer than until the page has `left`. Raises Superseded, and
        PlaylistBuilderError as the command does.
        """
        self._newest[name] += 1
        number, came_s = self._newest[name], time.monotonic()
        turn = Turn(name, given)

        def run() -> tuple[bool, Any, dict[str, Any]]:
            if given.get("newest") and number != self._newest[name]:
                raise Superseded
            bench = self.bench
            if seen is not None and seen != bench.version:
                return False, None, bench.state()
            with stoppable(lambda: turn.stop.is_set() or left.is_set()):
                check_stopped()
                answer = bench.do(name, {**given, WAITED: time.monotonic() - came_s})
            return True, answer, bench.state()

        before = self.bench.version
        while True:
            try:
                with self._taking(turn):
                    return await self.call(run)
            except StoppedError:
                if left.is_set() or (turn.way is Way.DROPS and name in BACKGROUND):
                    raise Superseded from None
                if turn.way is Way.DROPS:
                    raise
                turn = Turn(name, given)  # its turn comes once more
            finally:
                if self.bench.version != before:
                    self.tell("state", {"version": self.bench.version})

    @contextmanager
    def _taking(self, turn: Turn) -> Iterator[None]:
        """Let a command have its turn; others that are less urgent give way."""
        for other in self._turns:
            other.give_way(turn)
        self._turns.append(turn)
        try:
            yield
        finally:
            self._turns.remove(turn)

    def tell(self, kind: str, value: Mapping[str, Any]) -> None:
        """Tell all pages something; called in the thread of the server."""
        text = f"event: {kind}\ndata: {json.dumps(value)}\n\n"
        for page in self._pages:
            page.put_nowait(text)

    def tell_soon(self, kind: str, value: Mapping[str, Any]) -> None:
        """Tell all pages something, from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.tell, kind, value)

    def follow_scan(self, kind: str, value: Mapping[str, Any]) -> None:
        """Tell how a scan goes on, and read the library again at its end; from any thread."""
        self.tell_soon(kind, value)
        if value["is_over"]:
            self.reread_soon()

    def reread_soon(self) -> None:
        """Read the library again when its thread is free, and tell of it; from any thread."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._reread(), self._loop)

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_S)
            before = self.bench.version
            with suppress(PlaylistBuilderError):
                await self.call(self.bench.tend)
            if self.bench.version != before:
                self.tell("state", {"version": self.bench.version})

    async def _reread(self) -> None:
        await self.call(self.bench.reread)
        self.tell("state", {"version": self.bench.version})

    @asynccontextmanager
    async def page(self, tab: str) -> AsyncIterator[asyncio.Queue[str]]:
        """Yield the queue of what a page is told while it is there."""
        own: asyncio.Queue[str] = asyncio.Queue()
        self._pages[own] = tab
        if not self.holder:
            self.hold(tab)
        own.put_nowait(f'event: holder\ndata: {{"tab": {json.dumps(self.holder)}}}\n\n')
        try:
            yield own
        finally:
            del self._pages[own]
            asyncio.get_running_loop().call_later(LEFT_S, self._left, tab)

    def is_free(self) -> bool:
        """Whether a page that looks on may hold the desk: nobody does, or is about to again."""
        since_s = asyncio.get_running_loop().time() - self._served_s
        return not self.holder and since_s > BACK_S

    def hold(self, tab: str) -> None:
        """Let a page hold the desk; the one that did looks on.

        One that does not listen soon is gone.
        """
        self.holder = tab
        self.tell("holder", {"tab": tab})
        if tab and self._loop is not None:
            self._loop.call_later(LISTENS_S, self._left, tab)

    def _left(self, tab: str) -> None:
        """Let nobody hold the desk where its page is gone, and then the page that came last."""
        if self.holder == tab and tab not in self._pages.values():
            self.hold("")
            if self._pages:
                self.hold(next(reversed(self._pages.values())))
