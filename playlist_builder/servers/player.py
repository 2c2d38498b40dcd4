"""A player with a queue, as what drives it sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from playlist_builder.files.path_map import PathMap
from playlist_builder.models import Session, Tags

State = Literal["play", "pause", "stop"]


@dataclass(frozen=True, slots=True)
class Playing:
    """Where a player is: at a place of its queue, from 0, None where it is at none.

    `elapsed_s` are the seconds of the track that were heard, 0 where it is stopped.
    """

    state: State
    place: int | None = None
    elapsed_s: float = 0.0


class Player(Protocol):
    """A player whose queue is filled and followed; every method raises `ServerError`."""

    def keys(
        self, session: Session, known: Mapping[str, tuple[Tags, float]], maps: Sequence[PathMap]
    ) -> Mapping[str, str | None]:
        """Return for the path of each track its key in the player, None where it has none.

        `known` maps identities to the tags and seconds that are known; without `maps` the folder
        is mapped that the player tells of.
        """

    def held(self) -> list[str]:
        """Return the keys in the queue."""

    def playing(self) -> Playing:
        """Return where it is."""

    def fill(self, keys: Sequence[str], crossfade_s: int) -> None:
        """Make the queue hold these keys, to be heard with a crossfade and by ReplayGain."""

    def follow(self, current: str, keys: Sequence[str], *, skip: bool = False) -> int:
        """Make the queue go on with `keys` behind the track that plays, which is `current`."""

    def jump(self, place: int, from_s: float) -> None:
        """Play a track of the queue from a second of it on."""

    def pause(self, *, is_paused: bool) -> None:
        """Halt the track that plays, or let it go on."""

    def stop(self) -> None:
        """Play nothing."""

    def end_after_this(self, *, ends: bool) -> None:
        """Say whether it stops when the track that plays is over."""
