"""Commands about the sessions that the library keeps: sessions, and its show, name and remove."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, language, ngettext
from playlist_builder.cli.library import open_existing, open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.session import (
    OpenedSession,
    is_path,
    number_and_name,
    open_session,
    warn_banned,
)
from playlist_builder.cli.written import MADE_BY, form_of, with_companions
from playlist_builder.errors import LibraryError, SessionError
from playlist_builder.language.text import folded

if TYPE_CHECKING:
    import playlist_builder as api
    from playlist_builder.library.kept import KeptSession


@main.group(invoke_without_command=True)
@click.option("--for", "person", metavar="NAME", help="Those for NAME alone.")
@options.common_options
@click.pass_context
def sessions(
    context: click.Context, person: str | None, library: str | None, *, as_json: bool
) -> None:
    """List the sessions that were built: number, date, profile, length, for whom, files.

    In every command SESSION is such a number, a name, a file that was written of it, or nothing for
    the one that was built or changed last.
    """
    if context.invoked_subcommand is not None:
        return
    from playlist_builder.report.session_list import sessions_lines

    with open_library(library) as opened:
        listed = opened.sessions.all(person)
    if as_json:
        output.print_json_list(map(_document, listed))
    elif listed:
        from playlist_builder.report.language import LANGUAGES

        own = LANGUAGES[language()]
        output.print_lines(sessions_lines(listed, os.getcwd(), width=output.width(), language=own))
    else:
        whom = _(" for {name}").format(name=person) if person is not None else ""
        output.print_message(
            _("There is no session{whom} yet. Build one: playlist-builder build").format(whom=whom)
        )


@sessions.command()
@options.session_argument
@options.notes_option
@options.session_options
def show(session: str | None, library: str | None, *, as_json: bool) -> None:
    """Show SESSION, when it was built, for whom, and what was written of it."""
    from playlist_builder.playlists import session_json
    from playlist_builder.report.language import LANGUAGES
    from playlist_builder.report.session_list import session_lines

    given, kept = _kept(session, _library(library))
    warn_banned(given, given.session)
    if as_json:
        document = session_json.document(given.session)
        output.print_json(_document(kept) | {"session": document})
        return
    output.print_lines(session_lines(kept, os.getcwd(), LANGUAGES[language()]))
    output.print_session(given.session, again=given.command("report"))


@sessions.command()
@options.session_argument
@click.argument("name")
@options.session_library_option
def name(session: str | None, name: str, library: str | None) -> None:
    """Call SESSION by a NAME, which works wherever its number does."""
    from playlist_builder.session_request import session_name

    new = session_name(name)
    given, kept = _kept(session, _library(library))
    with open_library(given.library) as opened:
        before = opened.sessions.called(new)
        opened.sessions.rename(kept.id, new)
    was = ""
    if before and before.id != kept.id:
        was = _(" Session {number} is not any more.").format(number=before.number)
    output.print_message(
        _("Session {number} is called {new}.{was}").format(number=kept.number, new=new, was=was)
    )


@sessions.command()
@click.argument("sessions", nargs=-1, required=True, metavar="SESSION...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.session_library_option
def remove(sessions: Sequence[str], library: str | None, *, yes: bool) -> None:
    """Keep SESSION no longer; files that were written of it stay.

    A session that was built for a name within the last hour, and neither rated nor run with the
    desk, has not been played then: its tracks can be used again. Records go with their session;
    what was heard goes on counting in the history.
    """
    found = [_kept_or_damaged(word, _library(library)) for word in sessions]
    for word, (*_given, kept) in zip(sessions, found, strict=True):
        is_part = folded(word) in folded(kept.name) and not word.isdecimal()
        if is_part and folded(word) != folded(kept.name):
            raise click.UsageError(
                _("To remove {name!r}, say its whole name or {number}.").format(
                    name=kept.name, number=kept.number
                )
            )
    numbers = ", ".join(str(kept.number) for *_given, kept in found)
    recorded = _recorded(found)
    beside = (
        ""
        if not recorded
        else _(" with {records}").format(
            records=ngettext("{count} record", "{count} records", recorded).format(count=recorded)
        )
    )
    if not yes:
        named = ", ".join(
            _("{session} of {day}, {profile}").format(
                session=number_and_name(kept), day=kept.made_at[:10], profile=kept.profile
            )
            for *_given, kept in found
        )
        output.confirm_forgetting(
            _("Forget session {named} for ever{beside}?").format(named=named, beside=beside)
        )
    for place, request, kept in found:
        with open_library(place) as opened:
            if request is not None and request.name is not None:
                opened.history.forget_draft(request.name, request.session, options.now())
            opened.sessions.remove([kept.id])
    paths = [file.path for *_given, kept in found for file in kept.files]
    files = [output.short_path(path) for path in with_companions(paths)]
    stay = _(" These files stay: {files}").format(files=", ".join(files)) if files else ""
    output.print_message(
        _("Session {numbers}{beside} is kept no longer.{stay}").format(
            numbers=numbers, beside=beside, stay=stay
        )
    )


def _kept(word: str | None, library: str | None) -> "tuple[OpenedSession, KeptSession]":
    given = open_session(word, library)
    if given.kept is None:
        raise SessionError(
            "{label!r} is a session of its own, which no library keeps as it is now",
            label=given.label,
        )
    return given, given.kept


def _kept_or_damaged(
    word: str, library: str | None
) -> "tuple[str | None, api.SessionRequest | None, KeptSession]":
    """Return where a session is kept, what was asked for, and the session.

    Of one that is damaged, which only its number or whole name finds, nothing was asked for.
    """
    try:
        given, kept = _kept(word, library)
    except (LibraryError, SessionError):
        with open_existing(library) as opened:
            damaged = opened.sessions.exact(word) if opened is not None else None
        if damaged is None or is_path(word):
            raise
        return library, None, damaged
    return given.library, given.session.request, kept


def _recorded(
    found: "Sequence[tuple[str | None, api.SessionRequest | None, KeptSession]]",
) -> int:
    """Return how many records there are of sessions, which go with them."""
    count = 0
    for place, _request, kept in found:
        with open_library(place) as opened:
            count += len(opened.records.all(session=kept.id))
    return count


def _library(own: str | None) -> str | None:
    """Return the library of a subcommand, which may stand behind `sessions` as well."""
    parent = click.get_current_context().parent
    return own or (parent.params.get("library") if parent is not None else None)


def _document(kept: "KeptSession") -> dict[str, Any]:
    forms = [(file.path, form_of(file) or {}) for file in kept.files]
    files = [{"path": path, "made_by": form.get(MADE_BY)} for path, form in forms]
    return {key: value for key, value in asdict(kept).items() if key != "turn"} | {"files": files}
