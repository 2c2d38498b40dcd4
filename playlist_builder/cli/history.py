"""Commands about what was played for a name: history, rate."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, language, ngettext, told
from playlist_builder.cli.library import existing_library_of, open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.session import open_session
from playlist_builder.errors import LibraryError

if TYPE_CHECKING:
    from playlist_builder.library.history import History, PersonHistory, PersonSummary


@main.command()
@click.argument("name", required=False)
@click.option(
    "--forget", is_flag=True, help="Forget NAME for ever: sessions, ratings, bans and backups."
)
@click.option("--yes", is_flag=True, help="With --forget: do not ask.")
@options.common_options
def history(
    name: str | None, library: str | None, *, forget: bool, yes: bool, as_json: bool
) -> None:
    """List the names of the history, or what was played for NAME, rated and banned.

    A name is any label. Choose one that tells nobody who it is, such as a number: it stands in the
    library file, in its backups and in session files. A session counts from when it is built for
    a name; built into the same file within an hour, it replaces the one before, and removed within
    an hour it counts no longer (see 'sessions'). Of one that was run with the desk, the tracks that
    were heard for more than 30 s count (see 'records').
    """
    from playlist_builder.cli.written import with_companions
    from playlist_builder.report.language import LANGUAGES
    from playlist_builder.report.text import history_text
    from playlist_builder.session_request import person_name

    if forget and name is None:
        raise click.UsageError(_("Forget whom? Give 'history --forget NAME'."))
    if yes and not forget:
        raise click.UsageError(_("--yes goes with --forget."))
    with open_library(library) as opened:
        if name is None:
            _show_names(opened.history.names(), as_json=as_json)
            return
        whom = person_name(name)
        past, is_read = _past(opened.history, whom, forget=forget)
        kept = opened.sessions.all(whom)
        is_empty = is_read and not any((past.sessions, past.ratings, past.bans, kept))
        holding = _forgotten(opened, past, ask=not (yes or is_empty)) if forget else []
        if is_empty and not holding:
            opened.history.existing(whom)  # says which names there are
    if forget:
        output.print_message(_("Of {whom} nothing is known any more.").format(whom=whom))
        written = {file.path for each in kept for file in each.files}
        files = with_companions(written | {each.file for each in past.sessions if each.file})
        if files or holding:
            output.print_message(_("These files are yours, and may still hold the name:"))
            for file in (*files, *holding):
                output.print_message(f"  {file}")
    elif as_json:
        output.print_json(past)
    else:
        output.print_text(history_text(past, width=output.width(), language=LANGUAGES[language()]))


def _show_names(listed: "Sequence[PersonSummary]", *, as_json: bool) -> None:
    from playlist_builder.report.language import LANGUAGES
    from playlist_builder.report.text import names_text

    if as_json:
        output.print_json(listed)
    elif listed:
        names = names_text(listed, width=output.width(), language=LANGUAGES[language()])
        output.print_text(names)
    else:
        output.print_message(_("The history holds no name yet: nothing was built --for one."))


def _forgotten(library: "api.Library", past: "PersonHistory", *, ask: bool) -> list[str]:
    """Return the files that still hold a name, after forgetting it; end where the user declines."""
    if ask:
        _confirm(past)
    return library.forget_name(past.name)


def _confirm(past: "PersonHistory") -> None:
    """Ask whether a history is to be forgotten; end the command where it is not."""
    counts = {
        ngettext("{count} session", "{count} sessions", len(past.sessions)): len(past.sessions),
        ngettext("{count} rating", "{count} ratings", len(past.ratings)): len(past.ratings),
        ngettext("{count} ban", "{count} bans", len(past.bans)): len(past.bans),
    }
    what = _(", ").join(text.format(count=count) for text, count in counts.items() if count)
    question = _("Forget {name} for ever ({what})?").format(
        name=output.displayable(past.name), what=what or _("all that is kept")
    )
    output.confirm_forgetting(question)


def _past(history: "History", name: str, *, forget: bool) -> tuple["PersonHistory", bool]:
    """Return what is known of a name, and whether it is read: else it can still be forgotten."""
    from playlist_builder.library.history import PersonHistory

    try:
        return history.of(name), True
    except LibraryError:
        if not forget:
            raise
        return PersonHistory(name), False


@main.command()
@options.session_argument
@click.argument("track", type=options.track_word)
@click.argument("verdict", type=click.Choice(["up", "down"]))
@options.note_option("What the person said or did.", default="")
@click.option("--for", "name", metavar="NAME", help="For whom, if the session was made for nobody.")
@options.session_library_option
def rate(
    session: str | None, track: str, verdict: Any, note: str, name: str | None, library: str | None
) -> None:
    """Say how a TRACK of SESSION did: up or down; the tail goes on counting.

    Later sessions for that name rather use what was rated up, and what was rated down only where
    nothing else fits. A second rating replaces the first.
    """
    from playlist_builder.library.history import Rating, described
    from playlist_builder.session_request import person_name
    from playlist_builder.sessions.track_words import number_of

    given = open_session(session, library)
    loaded = given.session
    request = loaded.request
    own_name, own_number = (request.name or "", request.session) if request else ("", "")
    if name is None and not own_name:
        raise click.UsageError(
            _("{label!r} was made for nobody. Say for whom: --for NAME.").format(label=given.label)
        )
    whom = person_name(name or own_name)
    slots = (*loaded.slots, *loaded.tail)
    slot = slots[number_of(loaded, track, with_tail=True) - 1]
    title = slot.title or os.path.basename(slot.path)
    with open_library(existing_library_of(loaded, given.label, given.library)) as opened:
        rating = Rating(slot.identity, verdict, note, options.now(), own_number, title)
        opened.history.rate(whom, rating)
    output.print_message(
        _("{title}: {rating}.").format(title=title, rating=told(described(rating, whom)))
    )


def history_number(
    library: "api.Library", request: "api.SessionRequest", files: Sequence[str]
) -> str:
    """Return the number in the history of a session that is to be written to these files.

    Without a name there is none. What goes to no file is always another session.
    """
    if request.name is None:
        return request.session
    file = _absolute(files[0]) if files else ""
    if not (file or request.session):
        import secrets

        return secrets.token_hex(8)
    return library.history.session_id(request.name, file, request.asked_at, request.session)


def record_history(
    sessions: "Sequence[api.Session]", files: Sequence[str], library: str | None = None
) -> None:
    """Keep sessions in the history of their name, each under the file that it is written to.

    That is in their own library, or in the one that is given.

    This comes before they are written: a session that was recorded and not written does no harm,
    one that was written and not recorded would be played again.
    """
    from playlist_builder.library.history import played_session

    records = [
        played_session(session, _absolute(file))
        for session, file in zip(sessions, files, strict=False)
        if session.request is not None and session.request.name is not None
    ]
    if records:
        with open_library(existing_library_of(sessions[0], files[0], library)) as opened:
            opened.history.store(*records)


def _absolute(file: str) -> str:
    """Return the absolute path of a file, nothing for standard output."""
    return os.path.abspath(file) if file != "-" else ""
