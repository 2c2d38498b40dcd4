"""The commands by which a session is prepared: built, looked at and changed."""

from playlist_builder import Library, SessionRequest, Track
from playlist_builder.desk.arguments import Arguments
from playlist_builder.desk.bench import Bench, Command


def build(bench: Bench, given: Arguments) -> None:
    """Build a session of a profile, of a length in seconds and for a person if given."""
    bench.build(
        SessionRequest(
            given.text("profile"),
            duration_s=given.number("duration_s") if "duration_s" in given else None,
            name=(given.text("person") or None) if "person" in given else None,
        )
    )


def open_session(bench: Bench, given: Arguments) -> None:
    """Put a kept session on the desk, by its number or name."""
    bench.lay(bench.library.session(given.text("session")))


def swap(bench: Bench, given: Arguments) -> None:
    """Put another track, or the best one, in a place."""
    other = _track(bench.library, given.text("track")) if "track" in given else None
    bench.took(bench.edited().swap(given.whole("place", 1), other))


def pin(bench: Bench, given: Arguments) -> None:
    """Keep a track where it is."""
    bench.took(bench.edited().pin(given.whole("place", 1)))


def unpin(bench: Bench, given: Arguments) -> None:
    """Let a track move again."""
    bench.took(bench.edited().unpin(given.whole("place", 1)))


def drop(bench: Bench, given: Arguments) -> None:
    """Take a track out."""
    bench.took(bench.edited().drop(given.whole("place", 1)))


def move(bench: Bench, given: Arguments) -> None:
    """Let a track be number `to`."""
    bench.took(bench.edited().move(given.whole("place", 1), given.whole("to", 1)))


def insert(bench: Bench, given: Arguments) -> None:
    """Put a track of the library in as number `at`."""
    bench.took(
        bench.edited().insert(_track(bench.library, given.text("track")), given.whole("at", 1))
    )


def undo(bench: Bench, _: Arguments) -> None:
    """Step back before the last change."""
    bench.took(bench.edited().undo())


def redo(bench: Bench, _: Arguments) -> None:
    """Make the change again that was undone last."""
    bench.took(bench.edited().redo())


def _track(library: Library, identity: str) -> Track:
    return library.track(identity)


COMMANDS: dict[str, Command] = {
    "build": build,
    "open": open_session,
    "swap": swap,
    "pin": pin,
    "unpin": unpin,
    "drop": drop,
    "move": move,
    "insert": insert,
    "undo": undo,
    "redo": redo,
}
