"""Commands that change a session file: by hand, while it runs, and back again."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from playlist_builder.cli.common import (
    Duration,
    drawn,
    draws_colour,
    draws_unicode,
    json_option,
    library_option,
    open_library,
    print_json,
    profile_folders,
    shown,
    width,
)
from playlist_builder.cli.push import push_rest
from playlist_builder.cli.sessions import dry_run_option, keep, make, outputs_option
from playlist_builder.errors import LibraryError, RequestError, SessionError

if TYPE_CHECKING:
    from playlist_builder.models import Session, Track
    from playlist_builder.sessions.edit import Draft

    Find = Callable[[str], Track]
    Edit = Callable[[Draft, Find], Draft]

F = TypeVar("F", bound=Callable[..., Any])

session_argument = click.argument("session", type=click.Path(exists=True, dir_okay=False))
undo_option = click.option("--undo", is_flag=True, help="Step back before the last change.")


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """A time of a session such as 32:10 or 1:02:10; converted to seconds."""

    name = "m:ss"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        found = re.fullmatch(r"(?:(\d+):)?(\d{1,4}):([0-5]\d)", str(value).strip())
        if found is None or (found[1] and int(found[2]) > 59):  # noqa: PLR2004 - minutes
            self.fail(f"'{value}' is no time of a session. Give one such as 32:10 or 1:02:10.")
        return 3600.0 * int(found[1] or 0) + 60.0 * int(found[2]) + int(found[3])


def _options(command: F) -> F:
    for option in (json_option, library_option, undo_option):
        command = option(command)
    return command


@click.command()
@session_argument
@click.argument("number", type=int, required=False)
@click.option("--with", "track", metavar="TRACK", help="Put in this one.")
@click.option("--candidates", type=click.IntRange(1, 50), help="Show so many; change nothing.")
@_options
def swap(  # noqa: PLR0913 - each is an option
    session: str,
    number: int | None,
    track: str | None,
    candidates: int | None,
    library: str | None,
    *,
    undo: bool,
    as_json: bool,
) -> None:
    """Exchange track NUMBER of SESSION (.json) for the one that fits best, or for TRACK."""
    from playlist_builder.sessions import edit as editing

    if candidates is not None:
        if undo or track is not None:
            raise click.UsageError("--candidates changes nothing: leave out --with and --undo.")
        _show_candidates(session, number, candidates, library, as_json=as_json)
        return

    def edit(draft: "Draft", find: "Find") -> "Draft":
        place = _place(draft, number)
        return editing.swapped(draft, place, None if track is None else find(track))

    _change(session, library, edit, undo=undo, as_json=as_json)


@click.command()
@session_argument
@click.argument("number", type=int, required=False)
@_options
def pin(
    session: str, number: int | None, library: str | None, *, undo: bool, as_json: bool
) -> None:
    """Have every later change and rebuild of SESSION (.json) keep track NUMBER where it is."""
    from playlist_builder.sessions import edit as editing

    def edit(draft: "Draft", _: "Find") -> "Draft":
        return editing.pinned(draft, _place(draft, number))

    _change(session, library, edit, undo=undo, as_json=as_json)


@click.command()
@session_argument
@click.argument("number", type=int, required=False)
@_options
def unpin(
    session: str, number: int | None, library: str | None, *, undo: bool, as_json: bool
) -> None:
    """Let track NUMBER of SESSION (.json) be moved and replaced again."""
    from playlist_builder.sessions import edit as editing

    def edit(draft: "Draft", _: "Find") -> "Draft":
        return editing.unpinned(draft, _place(draft, number))

    _change(session, library, edit, undo=undo, as_json=as_json)


@click.command()
@session_argument
@click.argument("number", type=int, required=False)
@_options
def drop(
    session: str, number: int | None, library: str | None, *, undo: bool, as_json: bool
) -> None:
    """Take track NUMBER out of SESSION (.json), and fill the gap behind it."""
    from playlist_builder.sessions import edit as editing

    def edit(draft: "Draft", _: "Find") -> "Draft":
        return editing.dropped(draft, _place(draft, number))

    _change(session, library, edit, undo=undo, as_json=as_json)


@click.command()
@session_argument
@click.argument("number", type=int, required=False)
@click.argument("to", type=int, required=False)
@_options
def move(  # noqa: PLR0913 - each is an option
    session: str,
    number: int | None,
    to: int | None,
    library: str | None,
    *,
    undo: bool,
    as_json: bool,
) -> None:
    """Let track NUMBER of SESSION (.json) be number TO."""
    from playlist_builder.sessions import edit as editing

    def edit(draft: "Draft", _: "Find") -> "Draft":
        return editing.moved(draft, _place(draft, number), _place(draft, to))

    _change(session, library, edit, undo=undo, as_json=as_json)


@click.command()
@session_argument
@click.argument("track", required=False)
@click.option("--at", "number", type=int, help="Its number in the session; the last if not said.")
@_options
def insert(  # noqa: PLR0913 - each is an option
    session: str,
    track: str | None,
    number: int | None,
    library: str | None,
    *,
    undo: bool,
    as_json: bool,
) -> None:
    """Put TRACK into SESSION (.json); what follows makes room for it."""
    from playlist_builder.sessions import edit as editing

    def edit(draft: "Draft", find: "Find") -> "Draft":
        if track is None:
            raise RequestError("Name the track to insert.")
        last = len(draft.order) + 1
        place = _place(draft, last if number is None else number, last)
        return editing.inserted(draft, find(track), place)

    _change(session, library, edit, undo=undo, as_json=as_json)


def _stretching(name: str, sign: int, what: str) -> click.Command:
    @click.command(name, help=what)
    @session_argument
    @click.argument("duration", type=Duration(), required=False)
    @click.option("--phase", help="The phase; the one that holds the middle if not said.")
    @_options
    def command(  # noqa: PLR0913 - each is an option
        session: str,
        duration: float | None,
        phase: str | None,
        library: str | None,
        *,
        undo: bool,
        as_json: bool,
    ) -> None:
        from playlist_builder.sessions import edit as editing

        def edit(draft: "Draft", _: "Find") -> "Draft":
            if duration is None:
                raise RequestError("Say by how much, such as 10m.")
            profile = draft.terms.profile
            name = phase or profile.phase_at(profile.duration_s / 2.0).name
            return editing.stretched(draft, name, sign * duration)

        _change(session, library, edit, undo=undo, as_json=as_json)

    return command


extend = _stretching(
    "extend", 1, "Let a phase of SESSION (.json) last longer by DURATION, such as 10m."
)
shorten = _stretching(
    "shorten", -1, "Let a phase of SESSION (.json) be shorter by DURATION, such as 10m."
)


@click.command()
@session_argument
@click.option("--at", type=Moment(), help="The time of the session that it is now, such as 32:10.")
@click.option("--extend", "longer", type=Duration(), help="End so much later.")
@click.option("--skip", is_flag=True, help="End the current track now.")
@click.option("--to", "phase", metavar="PHASE", help="Begin this phase when the track has ended.")
@click.option("--push", "target", metavar="TARGET", help="Change the queue of this MPD as well.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="FROM=TO",
    help="With --push: folder FROM is TO on the server. Repeatable.",
)
@_options
def replan(  # noqa: PLR0913, PLR0917 - each is an option
    session: str,
    at: float | None,
    longer: float | None,
    phase: str | None,
    target: str | None,
    maps: Sequence[str],
    library: str | None,
    *,
    skip: bool,
    undo: bool,
    as_json: bool,
) -> None:
    """Arrange anew what SESSION (.json) has not played yet at a time.

    What has been played stays, and the current track plays to its end, or to now with --skip. The
    session ends when it should have, or later with --extend; --to goes on to a later phase at once.
    --push gives the new rest to the queue of an MPD that plays it; the sound does not stop.
    """
    from playlist_builder.sessions import edit as editing

    def edit(draft: "Draft", _: "Find") -> "Draft":
        if at is None:
            raise RequestError("Say what time of the session it is with --at, such as --at 32:10.")
        return editing.replanned(draft, at, extend_s=longer or 0.0, skip=skip, phase=phase or "")

    def push(before: "Session", after: "Session") -> None:
        if target is None or at is None:
            return
        current = sum(slot.start_s <= at for slot in before.slots) - 1
        kept = sum(slot.start_s < at for slot in after.slots[:current])
        kept += after.slots[current:][:1] != () and (
            after.slots[current].identity == before.slots[current].identity
        )
        rest = replace(after, slots=after.slots[kept:])
        count = push_rest(rest, before.slots[current], target, maps, library, skip=skip)
        click.echo(f"{count} tracks follow in the queue on {shown(target)}.", err=True)

    if undo and target is not None:
        raise click.UsageError("--undo changes the file alone: leave out --push, and replan again.")
    if maps and target is None:
        raise click.UsageError("--map needs --push.")
    if longer and phase:
        raise click.UsageError("--extend and --to exclude each other; replan twice.")
    _change(session, library, edit, undo=undo, as_json=as_json, use=push, playing=True)


@click.command()
@outputs_option
@dry_run_option
@library_option
@json_option
def rescue(outputs: Sequence[str], library: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Build half an hour of the calmest music of the library, to have at hand in every session.

    The calmest tenth, without startle, strokes or words, on a gentle way down.
    """
    from playlist_builder.sessions import rescue as room

    path = os.path.abspath(library) if library else None
    with open_library(path) as opened:
        request, notes = room.rescue(opened.tracks(), path)
    make(request, outputs, range(1, 2), notes=notes, dry_run=dry_run, as_json=as_json)


def _change(  # noqa: PLR0913 - what is asked, and what else is done with it
    session: str,
    library: str | None,
    edit: "Edit",
    *,
    undo: bool,
    as_json: bool,
    use: "Callable[[Session, Session], None] | None" = None,
    playing: bool = False,
) -> None:
    """Change a session file and show what came of it."""
    from playlist_builder.playlists import session_json
    from playlist_builder.playlists.write import write_text
    from playlist_builder.report.text import session_text
    from playlist_builder.sessions import edit as editing

    text = session_json.read(session)
    before = session_json.parse(text, session)
    if undo:
        new = session_json.undo(text, session)
        after = session_json.parse(new, session)
    else:
        draft, find = _draft(before, session, library, playing=playing)
        after = editing.session_of(edit(draft, find))
        new = session_json.dump_with_undo(after, text)
        after = session_json.parse(new, session)
        if playing:
            _check_files(before, after, session)
    if use is not None and not undo:
        use(before, after)
    keep([after], [session])
    write_text(session, new)
    told = [
        session_text(
            after,
            width=width(),
            ascii_only=not draws_unicode(),
            colour=draws_colour() and not as_json,
        ),
        *_difference(before, after),
    ]
    drawn("\n".join(told), err=as_json)
    click.echo(f"Wrote {shown(session)}. For a player, export it again.", err=True)
    if as_json:
        click.echo(session_json.dump(after), nl=False)


def _check_files(before: "Session", after: "Session", session: str) -> None:
    """Raise SessionError where a file that is to play from now on is not there."""
    known = {(slot.identity, slot.start_s) for slot in before.slots}
    fresh = [slot for slot in after.slots if (slot.identity, slot.start_s) not in known]
    gone = [slot.path for slot in (*fresh, *after.tail) if not os.path.isfile(slot.path)]
    if gone:
        raise SessionError(
            f"{gone[0]!r} is to be played and is not there any more; {session!r} is untouched."
            " Scan the folder that it lies in now, and give the command again"
        )


def _draft(
    before: "Session", session: str, library: str | None, *, playing: bool = False
) -> "tuple[Draft, Find]":
    """Return a session ready to be changed, and the way to find a track by its name."""
    from playlist_builder.sessions import build

    request = called(before, session, library)
    profile = build.planned(request, folders=profile_folders())
    with open_library(request.library) as opened:
        asked = build.asked(request, profile, opened)
    draft = build.draft(before, session, asked, playing=playing)

    def find(name: str) -> "Track":
        with open_library(request.library) as again:
            track = asked.known[again.find(name).identity]
        if track.missing:
            raise LibraryError(f"{track.path}: is not there any more. Scan its folder.")
        return track

    return draft, find


def called(before: "Session", session: str, library: str | None) -> "Any":
    """Return what a session was asked with, and the library that it is to be asked of now."""
    if before.request is None:
        raise SessionError(
            f"Session file {session!r} does not say how it was made, so it cannot be changed: it is"
            " older, or by another program. Make it once more with 'playlist-builder build'"
        )
    found = library or before.request.library
    if found is not None and not os.path.exists(found):
        raise LibraryError(
            f"The library {found!r} of {session!r} is gone. Give another one with --library FILE."
        )
    return replace(before.request, library=os.path.abspath(found) if found else None)


def _place(draft: "Draft", number: int | None, most: int | None = None) -> int:
    """Return the place, from 0, of a number that was typed."""
    most = most or len(draft.order)
    if number is None or not 1 <= number <= most:
        given = "Say which track" if number is None else f"There is no number {number}"
        raise RequestError(f"{given}: the session has numbers 1 to {most}.")
    return number - 1


def _show_candidates(
    session: str, number: int | None, count: int, library: str | None, *, as_json: bool
) -> None:
    from playlist_builder.playlists import session_json
    from playlist_builder.sessions import edit as editing
    from playlist_builder.text import clock

    draft, _ = _draft(session_json.load_session(session), session, library)
    found = editing.candidates(draft, _place(draft, number), count)
    if as_json:
        print_json(
            [
                {
                    "path": each.track.path,
                    "title": each.track.tags.title,
                    "artist": each.track.tags.artist,
                    "duration_s": each.track.duration_s,
                    "energy": each.energy,
                    "cost": each.cost,
                }
                for each in found
            ]
        )
        return
    if not found:
        told = "No single track is like it. Without --candidates, what follows is arranged anew."
        click.echo(told, err=True)
        return
    for each in found:
        tags = each.track.tags
        figures = f"{each.cost:.4f}  {each.energy:.2f}  {clock(each.track.duration_s):>5}"
        click.echo(shown(f"{figures}  {tags.title or each.track.path}  {tags.artist}"))
    click.echo("cost, energy, length, title and artist; the best first", err=True)


def _difference(before: "Session", after: "Session") -> list[str]:
    """Say which tracks went, which came, and how many start at another time."""
    from playlist_builder.text import clock

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
    return lines or ["the same tracks at the same times"]


COMMANDS = (swap, pin, unpin, drop, move, insert, extend, shorten, replan, rescue)
