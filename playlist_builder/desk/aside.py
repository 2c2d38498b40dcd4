"""A file beside the library while a run plays, with what the library could not be told of it.

It is made when a run begins, and removed at its end: so a start after a crash knows that music was
playing, also where the end could not be written into the library. To remove a file needs no space
on a disk that is full.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playlist_builder import Ended, RecordedEvent, RequestError, document_of, event_of
from playlist_builder.desk import own_file

SUFFIX = ".run.json"
LONGEST = 50_000_000  # characters


@dataclass(frozen=True, slots=True)
class Aside:
    """A run by its id, and what happened in it that the library does not know yet."""

    run: str
    events: tuple[RecordedEvent, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return any(isinstance(each.what, Ended) for each in self.events)


def file_of(library: str) -> Path:
    """Return the file beside a library."""
    return own_file.beside(library, SUFFIX)


def read(library: str) -> Aside | None:
    """Return what stands beside a library, None where there is nothing that can be read."""
    known = own_file.read(file_of(library), LONGEST)
    run, documents = known.get("run"), known.get("events")
    if not isinstance(run, str) or not isinstance(documents, list):
        return None
    try:
        return Aside(run, tuple(map(event_of, documents)))
    except RequestError:
        return None


def keep(library: str, run: str, events: Sequence[RecordedEvent] = ()) -> None:
    """Keep what a library does not know of a run.

    Where that cannot be written either, what was kept before stays; of a run that has ended, the
    file is removed then, so that it does not play again by itself.
    """
    kept = Aside(run, tuple(events))
    try:
        own_file.write(
            file_of(library), {"run": run, "events": [document_of(each) for each in kept.events]}
        )
    except OSError:
        if kept.is_over:
            remove(library)


def remove(library: str) -> None:
    """Keep nothing beside a library any more."""
    with suppress(OSError):
        file_of(library).unlink(missing_ok=True)
