"""A track of a session as a user names it: its number, its title or a part of that, or its path."""

import os
from collections.abc import Callable, Sequence

from playlist_builder.errors import NotThereError
from playlist_builder.language.text import folded, shortened, whole_number
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session, Slot

SHOWN = 5  # tracks that an error names
QUOTED = 20  # characters of a word that it quotes


def number_of(session: Session, word: str, *, with_tail: bool = False) -> int:
    """Return the number of the track of a session that a word names, from 1.

    Where no track has that number, a whole number may be a whole title, but no part of one. Numbers
    of the tail go on from those of the plan, where it counts. Raises NotThereError where no track
    is named, or more than one.
    """
    slots = (*session.slots, *session.tail) if with_tail else session.slots
    is_number, number = word.removeprefix("-").isdecimal(), whole_number(word)
    if number is not None and 1 <= number <= len(slots):
        return number
    hits = _titled(slots, word) if is_number else _named(slots, word)
    if is_number and not hits:
        of_tail = Phrase(" To change its tail, ban a track of it (mark) and rebuild.")
        raise NotThereError(
            "There is no number {word}: the session has numbers 1 to {count}.{tail}",
            word=shortened(word, QUOTED),
            count=len(slots),
            tail="" if with_tail else of_tail,
        )
    if not hits:
        raise NotThereError(
            "No track of the session is called {word!r}. Give its number, 1 to {count},"
            " its title or a part of that, or its path.",
            word=word,
            count=len(slots),
        )
    if len(hits) > 1:
        some = ", ".join(f"{n} {slots[n - 1].title!r}" for n in hits[:SHOWN])
        more = ", ..." if len(hits) > SHOWN else ""
        raise NotThereError(
            "{word!r} may be number {some}{more}. Which one?", word=word, some=some, more=more
        )
    return hits[0]


def _titled(slots: Sequence[Slot], word: str) -> list[int]:
    """Return the numbers of the tracks of a title."""
    return [n for n, slot in enumerate(slots, start=1) if folded(slot.title) == folded(word)]


def _named(slots: Sequence[Slot], word: str) -> list[int]:
    """Return the numbers of the tracks that a word names best."""
    wanted, path = folded(word), os.path.abspath(os.path.expanduser(word))  # noqa: PTH100, PTH111 - as they are kept
    tests: tuple[Callable[[Slot], bool], ...] = (
        lambda slot: slot.path == path,
        lambda slot: folded(slot.title) == wanted,
        lambda slot: folded(os.path.basename(slot.path)) == wanted,  # noqa: PTH119 - as above
        lambda slot: folded(slot.title).startswith(wanted),
        lambda slot: wanted in folded(slot.title),
    )
    for test in tests:
        if hits := [number for number, slot in enumerate(slots, start=1) if test(slot)]:
            return hits
    return []
