"""Which commands give way to others, so that a call for calm, silence or the end never waits. Pure.

A command that is under way, or has its turn before, is stopped by what is more urgent. It has its
turn behind that then, or none any more.
"""

from collections.abc import Mapping
from enum import Enum
from threading import Event
from typing import Any

BACKGROUND = frozenset({"alternatives"})  # questions that take long
ASKED = "asked"  # by the desk itself, as for a player that it drives
PASSIVE = frozenset({"heard", "note", ASKED})  # which disturb nothing
STEERING = frozenset({"press", "take_back"})
LOOKING = frozenset({"choices", "budget", "candidates", "search", "music", "track"})  # no change


class Way(Enum):
    """What becomes of a command when another one comes."""

    STAYS = "stays"
    WAITS = "waits"
    DROPS = "drops"


class Turn:
    """A command that has its turn, or waits for it; `stop` is set when it gives way, as `way`."""

    def __init__(self, name: str, given: Mapping[str, Any]) -> None:
        """Take the name of a command, and what a page gave with it."""
        self.name, self.button = name, str(given.get("button", ""))
        self.stop, self.way = Event(), Way.STAYS

    def give_way(self, other: "Turn") -> None:
        """Stop it if another command, which has just come, is more urgent."""
        way = way_of(self, other)
        if way is not Way.STAYS:
            self.way = way
            self.stop.set()


def way_of(turn: Turn, other: Turn) -> Way:
    """Return what becomes of a command when another one comes."""
    if turn.name in BACKGROUND:
        if other.name in PASSIVE:
            return Way.STAYS
        return Way.WAITS if other.name in LOOKING else Way.DROPS
    if _is_final(turn):
        return Way.STAYS
    if _is_final(other):
        return Way.DROPS if turn.name in STEERING else Way.WAITS
    if other.name == "press" and other.button == "silence" and turn.button != "silence":
        return Way.STAYS if turn.name == "take_back" else Way.WAITS
    return Way.STAYS


def _is_final(turn: Turn) -> bool:
    """Whether what was pressed before counts no more."""
    return turn.name == "end" or (turn.name == "press" and turn.button == "calm")
