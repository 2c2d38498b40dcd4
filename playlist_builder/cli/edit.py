"""Commands that edit a session: swap, pin, unpin, drop, move, insert, extend, shorten."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.change import Check, print_change, save_change
from playlist_builder.cli.library import open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.request import stored_request
from playlist_builder.cli.session import OpenedSession, open_session
from playlist_builder.errors import LibraryError, RequestError
from playlist_builder.text import clock

if TYPE_CHECKING:
    from playlist_builder.sessions.candidates import Candidate
    from playlist_builder.sessions.draft import Draft

    Find = Callable[[str], api.Track]
    Edit = Callable[[Draft, Find], Draft]


number_argument = click.argument("number", type=int)


def edit_command(
    *parameters: Callable[[Any], Any],
) -> "Callable[[Callable[..., Draft]], click.Command]":
    """Return a decorator that makes a command of an edit.

    The edit takes a draft, what finds a track by its name, and the values of the parameters.
    """

    def decorate(edit: "Callable[..., Draft]") -> click.Command:
        @wraps(edit)
        def command(
            session: str | None, library: str | None, *, as_json: bool, **values: Any
        ) -> None:
            change_session(session, library, partial(edit, **values), as_json=as_json)

        decorators = options.combined(
            options.session_argument, *parameters, options.session_options
        )
        return main.command()(decorators(command))

    return decorate


@main.command()
@options.session_argument
@number_argument
@click.option("--with", "track", metavar="TRACK", help="Put in this one.")
@click.option("--candidates", type=click.IntRange(1, 50), help="Show so many; change nothing.")
@options.session_options
def swap(
    session: str | None,
    number: int | None,
    track: str | None,
    candidates: int | None,
    library: str | None,
    *,
    as_json: bool,
) -> None:
    """Exchange track NUMBER of SESSION for the one that fits best, or for TRACK."""
    from playlist_builder.sessions.edit import swapped

    if candidates is not None:
        if track is not None:
            raise click.UsageError("--candidates changes nothing: leave out --with.")
        _print_candidates(session, number, candidates, library, as_json=as_json)
        return

    def edit(draft: "Draft", find: "Find") -> "Draft":
        place = _place(draft, number)
        return swapped(draft, place, None if track is None else find(track))

    change_session(session, library, edit, as_json=as_json)


@edit_command(number_argument)
def pin(draft: "Draft", _: "Find", number: int | None) -> "Draft":
    """Have later changes and rebuilds of SESSION keep track NUMBER at its time.

    With the plan around it that moves: by 'extend', 'shorten' and 'replan', which tell it. To swap,
    drop or 'unpin' the track ends it.
    """
    from playlist_builder.sessions.edit import pinned

    return pinned(draft, _place(draft, number))


@edit_command(number_argument)
def unpin(draft: "Draft", _: "Find", number: int | None) -> "Draft":
    """Let track NUMBER of SESSION be moved and replaced again."""
    from playlist_builder.sessions.edit import unpinned

    return unpinned(draft, _place(draft, number))


@edit_command(number_argument)
def drop(draft: "Draft", _: "Find", number: int | None) -> "Draft":
    """Take track NUMBER out of SESSION, and fill the gap behind it."""
    from playlist_builder.sessions.edit import dropped

    return dropped(draft, _place(draft, number))


@edit_command(number_argument, click.argument("to", type=int))
def move(draft: "Draft", _: "Find", number: int | None, to: int | None) -> "Draft":
    """Let track NUMBER of SESSION be number TO."""
    from playlist_builder.sessions.edit import moved

    return moved(draft, _place(draft, number), _place(draft, to))


@edit_command(
    click.argument("track"),
    click.option(
        "--at", "number", type=int, help="Its number in the session; the last if not given."
    ),
)
def insert(draft: "Draft", find: "Find", track: str | None, number: int | None) -> "Draft":
    """Put TRACK into SESSION; what follows moves."""
    from playlist_builder.sessions.edit import inserted

    if track is None:
        raise RequestError("Name the track to insert.")
    last = len(draft.order) + 1
    place = _place(draft, last if number is None else number, last)
    return inserted(draft, find(track), place)


stretch_parameters = (
    click.argument("duration", type=options.duration),
    click.option("--phase", help="The phase; the one that holds the middle if not given."),
)


@edit_command(*stretch_parameters)
def extend(draft: "Draft", _: "Find", duration: float | None, phase: str | None) -> "Draft":
    """Let a phase of SESSION last longer by DURATION, such as 10m."""
    return _stretched(draft, phase, duration, 1)


@edit_command(*stretch_parameters)
def shorten(draft: "Draft", _: "Find", duration: float | None, phase: str | None) -> "Draft":
    """Let a phase of SESSION be shorter by DURATION, such as 10m."""
    return _stretched(draft, phase, duration, -1)


def _stretched(draft: "Draft", phase: str | None, duration_s: float | None, sign: int) -> "Draft":
    from playlist_builder.sessions.edit import stretched

    if duration_s is None:
        raise RequestError("Say by how much, such as 10m.")
    profile = draft.objective.profile
    name = phase or profile.phase_at(profile.duration_s / 2.0).name
    return stretched(draft, name, sign * duration_s)


def change_session(
    session: str | None,
    library: str | None,
    edit: "Edit",
    *,
    as_json: bool,
    playing: bool = False,
    before_writing: "Check | None" = None,
    after_writing: "Check | None" = None,
) -> None:
    """Change a session and print what came of it.

    `before_writing` and `after_writing` take the sessions before and after an edit; what they raise
    leaves all as it was.
    """
    from playlist_builder.playlists import session_json
    from playlist_builder.sessions.draft import changed

    given = open_session(session, library)
    draft, find = _draft(given, playing=playing)
    after = changed(draft, lambda each: edit(each, find))
    if before_writing is not None:
        before_writing(given.session, after)
    text = session_json.dump_with_undo(after, given.text)
    after, told = save_change(given, text, after_writing=after_writing)
    print_change(given, after, difference_lines(given.session, after), told, as_json=as_json)


def _draft(given: OpenedSession, *, playing: bool = False) -> "tuple[Draft, Find]":
    """Return a session ready to be changed, and what finds a track by its name."""
    from playlist_builder.sessions.build import profile_of, select
    from playlist_builder.sessions.draft import draft_of

    request = stored_request(given.session, given.label, given.library)
    profile = profile_of(request, folders=options.profile_folders())
    with open_library(request.library) as opened:
        selection = select(request, profile, opened)
    draft = draft_of(selection, given.session, given.label, playing=playing)

    def find(name: str) -> "api.Track":
        with open_library(request.library) as opened:
            track = selection.known[opened.find(name).identity]
        if track.missing or not os.path.isfile(track.path):
            raise LibraryError(f"{track.path}: is not there any more. Scan its folder.")
        return track

    return draft, find


def _place(draft: "Draft", number: int | None, last: int | None = None) -> int:
    """Return the place, from 0, of a number that was typed."""
    last = last or len(draft.order)
    if number is None or not 1 <= number <= last:
        problem = "Say which track" if number is None else f"There is no number {number}"
        tail = " To change its tail, ban a track of it (mark) and rebuild." if number else ""
        raise RequestError(f"{problem}: the session has numbers 1 to {last}.{tail}")
    return number - 1


def _print_candidates(
    session: str | None, number: int | None, count: int, library: str | None, *, as_json: bool
) -> None:
    from playlist_builder.sessions.candidates import candidates
    from playlist_builder.sessions.presence import (
        MOST_MISSING_NOW,
        missing_files,
        without_missing,
    )

    draft, _ = _draft(open_session(session, library))
    place = _place(draft, number)
    found = candidates(draft, place, count)
    if missing_files(each.track.path for each in found):
        pool, notes = without_missing(draft.pool, most=MOST_MISSING_NOW)
        for note in notes:
            output.print_message(str(note))
        found = candidates(replace(draft, pool=pool), place, count)
    if as_json:
        output.print_json(list(map(_candidate_document, found)))
        return
    names = Counter(_name(each.track) for each in found)
    for each in found:
        figures = f"{each.cost:.4f}  {each.energy:.2f}  {clock(each.track.duration_s):>5}"
        name = _name(each.track)
        path = f"  {each.track.path}" if names[name] > 1 else ""
        output.print_text(f"{figures}  {name}{path}")
    output.print_message(
        "cost, energy, length, title and artist; the best first"
        if found
        else "No single track is like it. Without --candidates, what follows is arranged again."
    )


def _name(track: "api.Track") -> str:
    return f"{track.tags.title or track.path}  {track.tags.artist}"


def _candidate_document(candidate: "Candidate") -> dict[str, Any]:
    return {
        "path": candidate.track.path,
        "title": candidate.track.tags.title,
        "artist": candidate.track.tags.artist,
        "duration_s": candidate.track.duration_s,
        "energy": candidate.energy,
        "cost": candidate.cost,
    }


def difference_lines(before: "api.Session", after: "api.Session") -> list[str]:
    """Return lines on which tracks went, which came, and how many start at another time."""
    old = {slot.identity: slot for slot in before.slots}
    new = {slot.identity: slot for slot in after.slots}
    lines = [
        f"{sign} {number}. {clock(slot.start_s)}  {slot.title or slot.path}  {slot.artist}"
        for sign, slots, others in (("-", before.slots, new), ("+", after.slots, old))
        for number, slot in enumerate(slots, start=1)
        if slot.identity not in others
    ]
    late = sum(abs(new[key].start_s - old[key].start_s) > 1.0 for key in new.keys() & old.keys())
    if late:
        lines.append(f"{late} tracks start at another time")
    lines += _changed_pins(before, after)
    return lines or ["the same tracks at the same times"]


def _changed_pins(before: "api.Session", after: "api.Session") -> list[str]:
    """Return lines on the pins that went with their tracks, or moved with the plan."""
    if before.request is None or after.request is None:
        return []
    old, new = {slot.identity: slot for slot in before.slots}, after.request
    now = dict(zip(new.pinned, new.pins, strict=True))
    starts = {slot.identity: slot.start_s for slot in after.slots}
    lines = []
    for identity, pin in zip(before.request.pinned, before.request.pins, strict=True):
        slot = old.get(identity)
        if slot is None or now.get(identity) == pin:
            continue
        title = slot.title or slot.path
        if identity not in now:
            lines.append(f"'{title}' is pinned no longer")
        elif identity in starts:
            moved = f"starts at {clock(starts[identity])}, not at {clock(slot.start_s)}"
            lines.append(f"'{title}' is pinned, and moves with the plan: it {moved}")
    return lines
