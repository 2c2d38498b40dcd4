"""The commands by which a session is prepared: built, looked at and changed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from playlist_builder import (
    Ban,
    Edited,
    Library,
    Mark,
    PlaylistBuilderError,
    RequestError,
    Rules,
    SessionRequest,
    Track,
    matching,
    own_profile,
)
from playlist_builder.desk import views
from playlist_builder.desk.arguments import Arguments
from playlist_builder.desk.bench import Bench, Command
from playlist_builder.errors import NotThereError

LISTED = 60  # tracks of a search
ALTERNATIVES = 3


def choices(bench: Bench, _: Arguments) -> dict[str, Any]:
    """Return what can be chosen: profiles, people and kept sessions."""
    titles = {each.name: each.profile.title for each in bench.profiles if each.profile is not None}
    return {
        "profiles": views.profiles(bench.profiles, bench.words),
        "people": [each.name for each in bench.library.history.names()],
        "kept": views.kept(bench.library.sessions.all(), bench.words, titles),
    }


def build(bench: Bench, given: Arguments) -> None:
    """Build a new session of a profile, of a length in seconds and for a person if given.

    The page evens out loudness when it plays; another player does only where files have tags.
    """
    bench.build(
        SessionRequest(
            _profile(bench, given),
            duration_s=given.number("duration_s") if "duration_s" in given else None,
            levelled=bench.player is None,
            **_person(given),
        )
    )


def ask(bench: Bench, given: Arguments) -> None:
    """Arrange the session again for another profile, length in seconds or person."""
    asked: dict[str, Any] = {}
    person = bench.library if "person" in given else None  # whose history has to be read
    if "profile" in given:
        asked["profile"] = _profile(bench, given)
        asked["duration_s"] = None
    if "duration_s" in given:
        asked["duration_s"] = given.number("duration_s")
    if "person" in given:
        asked |= {"name": None} | _person(given)
    bench.took(bench.edited().ask(person, **asked))


def _profile(bench: Bench, given: Arguments) -> str:
    """Return the name of a profile, which is looked up: what a page sends is never a path."""
    name, known = given.text("profile"), [each.name for each in bench.profiles]
    if name not in known:
        raise NotThereError(
            "No profile {name!r}. Available: {names}.", name=name, names=", ".join(known)
        )
    return name


def _person(given: Arguments) -> dict[str, Any]:
    """Return for whom a session is asked for, and when, which a name needs."""
    name = given.text("person").strip() if "person" in given else ""
    return {"name": name, "asked_at": datetime.now().astimezone().isoformat()} if name else {}


def draw(bench: Bench, given: Arguments) -> None:
    """Draw the plan to a level at a border of its phases, counted from 0, and move that to a time.

    The steps of one `stroke` are one change: each takes the place of the one before.
    """
    place, level = given.whole("place"), given.number("level")
    at_s = given.number("at_s") if "at_s" in given else None
    stroke, editor = given.text("stroke"), bench.edited()
    goes_on = bool(stroke) and stroke == bench.stroke
    if goes_on:
        editor.undo()
    try:
        edited = editor.draw(place, level, at_s=at_s)
    except PlaylistBuilderError:
        if goes_on:
            editor.redo()
        raise
    bench.took(edited, stroke=stroke, is_kept=given.flag("done"))


def undraw(bench: Bench, _: Arguments) -> None:
    """Let the plan be that of the profile again."""
    bench.took(bench.edited().ask(curve=(), borders=()))


def open_session(bench: Bench, given: Arguments) -> None:
    """Put a kept session on the desk, by its number or name."""
    bench.lay(bench.library.session(given.text("session")))


def budget(bench: Bench, _: Arguments) -> dict[str, Any]:
    """Return how much of the library such a session may use, and how many of its kind it holds."""
    request = bench.session.request
    if request is None:
        raise RequestError("The session does not say how it was made. Build it again.")
    folders = bench.folders
    told = bench.library.budget(request, profile_folders=folders)
    return views.budget(told, bench.library.capacity(request, profile_folders=folders))


def alternatives(bench: Bench, _: Arguments) -> list[dict[str, Any]]:
    """Return the session and others for the same request, to draw them beside each other."""
    found = bench.edited().alternatives(ALTERNATIVES)
    bench.offered = tuple(found)
    now = {slot.identity for slot in bench.session.slots}
    return [
        views.outline(each, own_profile(each) or bench.profile, bench.words)
        | {"shared": len(now & {slot.identity for slot in each.slots}), "number": number}
        for number, each in enumerate(found)
    ]


def take(bench: Bench, given: Arguments) -> None:
    """Take one of the sessions that were offered last, counted from 0."""
    number = given.whole("number")
    if number >= len(bench.offered):
        raise NotThereError("That alternative is of an earlier session. Look at them again.")
    bench.took(bench.edited().take(bench.offered[number]))


def candidates(bench: Bench, given: Arguments) -> list[dict[str, Any]]:
    """Return what could take the place of a track."""
    found = bench.edited().candidates(given.whole("place", 1))
    return [views.candidate(each, bench.words) for each in found]


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
    """Step back before the last change; what was banned stays out.

    With what was banned since, the state before a change is mostly the one that is there: then the
    change before is undone as well.
    """
    editor = bench.edited()
    edited, back = editor.undo(), 1
    if _banned_slots(bench) and editor.can_undo:
        edited, back = editor.undo(), 2
    elif _banned_slots(bench):
        editor.redo()
        raise RequestError("There is no change to undo but of what is banned, which stays out.")
    bench.took(_without_banned(bench, edited, editor.redo, back))


def redo(bench: Bench, _: Arguments) -> None:
    """Make the change again that was undone last; what was banned stays out."""
    editor = bench.edited()
    bench.took(_without_banned(bench, editor.redo(), editor.undo, 1))


def _without_banned(
    bench: Bench, edited: Edited, returning: Callable[[], Edited], steps: int
) -> Edited:
    """Return a change after which nothing banned is in the session.

    Where nothing can take the place of the first, all is as so many steps before.
    """
    for number, identity in enumerate(_banned_slots(bench)):
        try:
            edited = bench.edited().drop(_place(bench, identity))
        except PlaylistBuilderError:
            for _ in range(0 if number else steps):
                returning()
            raise
    return edited


def _banned_slots(bench: Bench) -> list[str]:
    """Return what is in the session, and was banned since."""
    banned, known = _banned(bench), bench.music.by_identity()
    slots = (slot.identity for slot in bench.session.slots)
    return [own for own in slots if own in banned or (own in known and known[own].mark.banned)]


def _place(bench: Bench, identity: str) -> int:
    """Return the number of a track in the session, from 1."""
    return [slot.identity for slot in bench.session.slots].index(identity) + 1


def search(bench: Bench, given: Arguments) -> dict[str, Any]:
    """Return the tracks that a query names, the calmest first, and how many they are.

    Those that are too short or too long for the session, or for most, come last.
    """
    query = given.text("query").strip()
    found = matching(bench.music, query) if query else bench.music
    rules = Rules() if bench.editor is None else bench.profile.rules
    is_unfit = (found.seconds < rules.track_min_s) | (found.seconds > rules.track_max_s)
    order = found.take(np.lexsort((found.energy, is_unfit)))
    banned = _banned(bench)
    return {
        "total": len(found),
        "tracks": [
            views.track(each, is_banned_for=each.identity in banned) for each in order[:LISTED]
        ],
        "ids": found.identities if query else None,
    }


def music(bench: Bench, _: Arguments) -> dict[str, Any]:
    """Return the map of the library."""
    return views.music(bench.music)


def track(bench: Bench, given: Arguments) -> dict[str, Any]:
    """Return a track of the library."""
    own = _track(bench.library, given.text("track"))
    return views.track(own, is_banned_for=own.identity in _banned(bench))


def mark(bench: Bench, given: Arguments) -> None:
    """Say of a track what only a person knows: energy, voices, a ban, a note; null takes it back.

    What is banned leaves the session at once.
    """
    own = _track(bench.library, given.text("track"))
    known = own.mark
    bench.library.mark(
        own.identity,
        Mark(
            energy=given.optional("energy", known.energy),
            vocals=given.optional("vocals", known.vocals),
            banned=given.flag("banned") if "banned" in given else known.banned,
            note=given.text("note").strip() if "note" in given else known.note,
        ),
    )
    bench.reread()
    if "banned" in given and given.flag("banned"):
        _out(bench, own.identity)


def ban_for(bench: Bench, given: Arguments) -> None:
    """Never use a track for the person of the session, or let it be used again.

    What is banned leaves the session at once.
    """
    own, person = _track(bench.library, given.text("track")), _name(bench)
    if not person:
        raise RequestError("The session is for nobody in particular. Say for whom it is first.")
    is_banned, history = given.flag("banned"), bench.library.history
    if is_banned:
        history.ban(person, Ban(own.identity, "", own.tags.title))
    else:
        history.unban(person, own.identity)
    bench.reread()
    if is_banned:
        _out(bench, own.identity)


def _out(bench: Bench, identity: str) -> None:
    """Take a track out of the session on the desk, if it is in it."""
    if bench.editor is not None and identity in {slot.identity for slot in bench.session.slots}:
        bench.took(bench.edited().drop(_place(bench, identity)))


def _name(bench: Bench) -> str:
    """Return for whom the session on the desk is, empty where there is none, or for nobody."""
    request = None if bench.editor is None else bench.session.request
    return (request.name if request is not None else None) or ""


def _banned(bench: Bench) -> frozenset[str]:
    """Return what is never used for the person of the session."""
    person = _name(bench)
    bans = bench.library.history.of(person).bans if person else ()
    return frozenset(each.identity for each in bans)


def scan(bench: Bench, given: Arguments) -> None:
    """Begin to scan a folder."""
    bench.scan.begin(given.text("folder"))


def stop_scan(bench: Bench, _: Arguments) -> None:
    """Let the scan end; what it has read is kept."""
    bench.scan.ask_to_stop()


def _track(library: Library, identity: str) -> Track:
    return library.track(identity)


COMMANDS: dict[str, Command] = {
    "choices": choices,
    "build": build,
    "ask": ask,
    "draw": draw,
    "undraw": undraw,
    "open": open_session,
    "budget": budget,
    "alternatives": alternatives,
    "take": take,
    "candidates": candidates,
    "swap": swap,
    "pin": pin,
    "unpin": unpin,
    "drop": drop,
    "move": move,
    "insert": insert,
    "undo": undo,
    "redo": redo,
    "search": search,
    "music": music,
    "track": track,
    "mark": mark,
    "ban_for": ban_for,
    "scan": scan,
    "stop_scan": stop_scan,
}
