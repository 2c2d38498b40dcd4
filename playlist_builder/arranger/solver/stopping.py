"""Long work that is stopped from outside, by who waits for it no more.

A search looks between its steps whether it is to stop, and leaves everything as it was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from playlist_builder.errors import StoppedError

_is_asked: ContextVar[Callable[[], bool] | None] = ContextVar("is_asked", default=None)


@contextmanager
def stoppable(is_asked: Callable[[], bool]) -> Iterator[None]:
    """Let what is built, changed or looked for in this block end with StoppedError once asked.

    `is_asked` is called often, in the thread of the block; it may be `is_set` of a
    `threading.Event`. What was to be changed is as it was before.
    """
    token = _is_asked.set(is_asked)
    try:
        yield
    finally:
        _is_asked.reset(token)


def check_stopped() -> None:
    """Raise StoppedError where that is asked for by the block of `stoppable` around it."""
    is_asked = _is_asked.get()
    if is_asked is not None and is_asked():
        raise StoppedError("What was asked for later has taken its place.")
