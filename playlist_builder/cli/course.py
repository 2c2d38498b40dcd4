"""Commands for the sessions of one person: series, history, rate."""

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from playlist_builder.cli.common import (
    json_option,
    library_option,
    now,
    open_library,
    print_json,
    profile_folders,
    scanned,
    shown,
    tell_waiting,
    width,
)
from playlist_builder.cli.delivery import check_outputs, deliver, numbered
from playlist_builder.cli.sessions import asking_options, called, keep, number_of
from playlist_builder.errors import LibraryError, SessionError

if TYPE_CHECKING:
    from playlist_builder.library.history import History, PersonHistory
    from playlist_builder.models import Session


@click.command()
@click.argument("profile", default="arc")
@click.option(
    "--sessions",
    "count",
    type=click.IntRange(2, 50),
    default=6,
    show_default=True,
    help="How many sessions.",
)
@click.option(
    "--name",
    "--for",
    "name",
    required=True,
    metavar="NAME",
    help="For whom. Nothing that was played for NAME lately is used; ratings and bans count.",
)
@asking_options
def series(
    profile: str,
    count: int,
    outputs: Sequence[str],
    *,
    dry_run: bool,
    as_json: bool,
    **said: Any,
) -> None:
    """Build several sessions of PROFILE that share no track and are equally good.

    They are written to FILE-1, FILE-2 and so on, and kept in the history of NAME. Where the
    library is too small, they share as few tracks as they must, and say so.
    """
    from playlist_builder.sessions import build

    request = called(profile, **said)
    planned = build.planned(request, folders=profile_folders())
    check_outputs(outputs, as_json=as_json, alternatives=count)
    files = [[numbered(output, each) for output in outputs] for each in range(1, count + 1)]
    with open_library(request.library) as opened:
        if request.music:
            scanned(opened, request.music)
        tell_waiting(opened)
        numbers = [number_of(opened, request, each) for each in files]
        asked = build.asked(request, planned, opened, drafts=numbers)
    asked = asked.holdable(
        {os.path.splitext(each)[1].lower() or ".m3u8" for each in outputs or ("-",)}
    )
    sessions = [
        replace(session, request=replace(request, session=number))
        for session, number in zip(asked.course(count), numbers, strict=True)
    ]
    if not dry_run:
        keep(sessions, [each[0] for each in files if each])
    deliver(sessions, outputs, as_json=as_json, dry_run=dry_run, number_first=True)
    click.echo(shown(_course_told(sessions)), err=True)


def _course_told(sessions: "Sequence[Session]") -> str:
    errors = [session.rms_error for session in sessions]
    played = [slot.identity for each in sessions for slot in (*each.slots, *each.tail)]
    again = len(played) - len(set(played))
    shared = f"{again} times a track of another session" if again else "no track twice"
    return (
        f"{len(sessions)} sessions, {min(errors):.3f} to {max(errors):.3f} from the plan; {shared}."
    )


@click.command()
@click.argument("name", required=False)
@click.option(
    "--forget", is_flag=True, help="Forget NAME for ever: sessions, ratings, bans and backups."
)
@library_option
@json_option
def history(name: str | None, library: str | None, *, forget: bool, as_json: bool) -> None:
    """List the names of the history, or what was played for NAME, rated and banned.

    A name is any label. Choose one that tells nobody who it is, such as a number: it stands in the
    library file, in its backups and in session files. A session counts from when it is written for
    a name; written to the same file within an hour, it replaces the one before.
    """
    from playlist_builder.models import person_name
    from playlist_builder.report.text import history_text, names_text

    if forget and name is None:
        raise click.UsageError("Forget whom? Give 'history --forget NAME'.")
    with open_library(library) as opened:
        if name is None:
            listed = opened.history.names()
            if as_json:
                print_json([asdict(each) for each in listed])
            else:
                click.echo(shown(names_text(listed, width=width())))
            return
        whom = person_name(name)
        past, is_read = _past(opened.history, whom, forget=forget)
        holding = opened.forget_name(whom) if forget else []
        if is_read and not any((holding, past.sessions, past.ratings, past.bans)):
            opened.history.existing(whom)  # says which names there are
    if forget:
        click.echo(shown(f"Of {whom} nothing is known any more."), err=True)
        files = sorted({each.file for each in past.sessions if os.path.exists(each.file)})
        if files or holding:
            click.echo("These files are yours, and may still hold the name:", err=True)
            for file in (*files, *holding):
                click.echo(shown(f"  {file}"), err=True)
    elif as_json:
        print_json(_document(past))
    else:
        click.echo(shown(history_text(past, width=width())))


def _past(history: "History", name: str, *, forget: bool) -> tuple["PersonHistory", bool]:
    """Return what is known of a name, and whether it is read: else it can still be forgotten."""
    from playlist_builder.library.history import PersonHistory

    try:
        return history.of(name), True
    except LibraryError:
        if not forget:
            raise
        return PersonHistory(name), False


def _document(past: "PersonHistory") -> dict[str, Any]:
    return {
        "name": past.name,
        "sessions": [asdict(each) for each in past.sessions],
        "ratings": [asdict(each) for each in past.ratings],
        "bans": [asdict(each) for each in past.bans],
    }


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.argument("number", type=click.IntRange(min=1))
@click.argument("verdict", type=click.Choice(["up", "down"]))
@click.option("--note", default="", help="What was said or seen.")
@click.option("--for", "name", metavar="NAME", help="For whom, if the session was made for nobody.")
@click.option(
    "--library",
    type=click.Path(exists=True, dir_okay=False),
    help="Another library file than the one that the session was made from.",
)
def rate(  # noqa: PLR0913, PLR0917 - each is an option
    session: str, number: int, verdict: Any, note: str, name: str | None, library: str | None
) -> None:
    """Say how track NUMBER of SESSION (.json) did: up or down; the tail goes on counting.

    Later sessions for that name rather use what was rated up, and what was rated down only where
    nothing else fits. A second rating replaces the first.
    """
    from playlist_builder.library.history import Rating
    from playlist_builder.models import person_name
    from playlist_builder.playlists import session_json

    loaded = session_json.load_session(session)
    request = loaded.request
    if note and not note.isprintable():
        raise click.BadParameter("a note is plain text on one line.")
    own = request.name if request is not None else None
    if name is None and own is None:
        raise click.UsageError(f"{session!r} was made for nobody. Say for whom: --for NAME.")
    whom = person_name(name or own or "")
    slots = (*loaded.slots, *loaded.tail)
    if number > len(slots):
        raise SessionError(f"Session file {session!r} holds {len(slots)} tracks, not {number}.")
    slot = slots[number - 1]
    title = slot.title or os.path.basename(slot.path)
    made_from = request.library if request is not None else None
    found = library or made_from or os.environ.get("PLAYLIST_BUILDER_LIBRARY")
    with open_library(found) as opened:
        made = request.session if request is not None else ""
        rating = Rating(slot.identity, verdict, note, now(), made, title)
        opened.history.rate(whom, rating)
    click.echo(shown(f"{title}: {rating.describe(whom)}."), err=True)


COMMANDS = (series, history, rate)
