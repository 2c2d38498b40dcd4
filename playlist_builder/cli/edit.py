"""Commands that edit a session: swap, pin, unpin, drop, move, insert, extend, shorten."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.change import Check, print_change, save_change
from playlist_builder.cli.change_text import (
    arranged_document,
    arranged_lines,
    candidate_document,
    candidate_lines,
)
from playlist_builder.cli.language import _, ngettext
from playlist_builder.cli.library import open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.request import stored_request
from playlist_builder.cli.session import OpenedSession, open_session
from playlist_builder.errors import ArrangeError, NotThereError

if TYPE_CHECKING:
    from playlist_builder.sessions.candidates import Candidate
    from playlist_builder.sessions.editor import Edited, SessionEditor

    Find = Callable[[str], api.Track]
    Edit = Callable[[SessionEditor, Find], Edited]


track_argument = click.argument("track", type=options.track_word)


def edit_command(
    *parameters: Callable[[Any], Any],
) -> "Callable[[Callable[..., Edited]], click.Command]":
    """Return a decorator that makes a command of an edit.

    The edit takes an editor, what finds a track by its name, and the values of the parameters.
    """

    def decorate(edit: "Callable[..., Edited]") -> click.Command:
        @wraps(edit)
        def command(
            session: str | None, library: str | None, *, as_json: bool, **values: Any
        ) -> None:
            given = open_session(session, library)
            change_session(given, partial(edit, **values), as_json=as_json)

        decorators = options.combined(
            options.session_argument, *parameters, options.session_options
        )
        return main.command()(decorators(command))

    return decorate


@main.command()
@options.session_argument
@track_argument
@click.option("--with", "new", metavar="TRACK", help="Put in this one.")
@click.option("--take", type=click.IntRange(min=1), help="Put in this one of the candidates.")
@click.option(
    "--candidates", type=click.IntRange(1, 50), help="Show so many; without --take change nothing."
)
@options.session_options
def swap(
    session: str | None,
    track: str,
    new: str | None,
    take: int | None,
    candidates: int | None,
    library: str | None,
    *,
    as_json: bool,
) -> None:
    """Exchange a TRACK of SESSION for another one.

    Five candidates are listed, with what each does to the curve, and the one marked * is taken:
    when you press Enter, or at once where nobody can answer. Another one comes with --take, any
    track with --with. What stands out, as by a jump of loudness, is never marked. Where none is
    marked, the last to choose from is to arrange again what follows: it lists what would change,
    and nothing changes unless you take it.
    """
    if candidates is not None and new is not None:
        raise click.UsageError(_("--candidates changes nothing: leave out --with."))
    if take is not None and new is not None:
        raise click.UsageError(_("--take names a candidate: leave out --with."))
    given = open_session(session, library)
    if candidates is not None and take is None:
        with session_editor(given) as (editor, _find):
            _show_candidates(editor, _number(editor, track), candidates, as_json=as_json)
        return

    def edit(editor: "SessionEditor", find: "Find") -> "Edited":
        place = _number(editor, track)
        if new is not None:
            return editor.swap(place, find(new))
        if (chosen := _choice(editor, place, take, candidates, as_json=as_json)) is None:
            raise ArrangeError(
                "Nothing was changed, as none is marked. Say which one to take:"
                " {command} --take NUMBER",
                command=given.command("swap", place),
            )
        return chosen

    change_session(given, edit, as_json=as_json)


@edit_command(track_argument)
def pin(editor: "SessionEditor", _: "Find", track: str) -> "Edited":
    """Have later changes and rebuilds of SESSION keep a TRACK at its time.

    With the plan around it that moves: by 'extend', 'shorten' and 'replan', which tell it. To swap,
    drop or 'unpin' the track ends it.
    """
    return editor.pin(_number(editor, track))


@edit_command(track_argument)
def unpin(editor: "SessionEditor", _: "Find", track: str) -> "Edited":
    """Let a TRACK of SESSION be moved and replaced again."""
    return editor.unpin(_number(editor, track))


@edit_command(track_argument)
def drop(editor: "SessionEditor", _: "Find", track: str) -> "Edited":
    """Take a TRACK out of SESSION, and fill the gap behind it."""
    return editor.drop(_number(editor, track))


@edit_command(track_argument, click.argument("to", type=int))
def move(editor: "SessionEditor", _: "Find", track: str, to: int) -> "Edited":
    """Let a TRACK of SESSION be number TO."""
    return editor.move(_number(editor, track), to)


@edit_command(
    track_argument,
    click.option(
        "--at", "number", type=int, help="Its number in the session; the last if not given."
    ),
)
def insert(editor: "SessionEditor", find: "Find", track: str, number: int | None) -> "Edited":
    """Put TRACK into SESSION; what follows moves, and tracks may change to keep the length."""
    return editor.insert(find(track), number)


stretch_parameters = (
    click.argument("duration", type=options.duration),
    click.option("--phase", help="The phase; the one that holds the middle if not given."),
)


@edit_command(*stretch_parameters)
def extend(editor: "SessionEditor", _: "Find", duration: float, phase: str | None) -> "Edited":
    """Let a phase of SESSION last longer by DURATION, such as 10m."""
    return editor.extend(by_s=duration, phase=phase)


@edit_command(*stretch_parameters)
def shorten(editor: "SessionEditor", _: "Find", duration: float, phase: str | None) -> "Edited":
    """Let a phase of SESSION be shorter by DURATION, such as 10m."""
    return editor.shorten(by_s=duration, phase=phase)


def change_session(
    given: OpenedSession,
    edit: "Edit",
    *,
    as_json: bool,
    before_writing: "Check | None" = None,
    after_writing: "Check | None" = None,
) -> None:
    """Change a session and print what came of it.

    `before_writing` and `after_writing` take the sessions before and after an edit; what they raise
    leaves all as it was.
    """
    from playlist_builder.playlists import session_states

    with session_editor(given) as (editor, find):
        after, changed = edit(editor, find)
    if before_writing is not None:
        before_writing(given.session, after)
    text = session_states.dump_with_undo(after, given.text)
    after, told = save_change(given, text, after_writing=after_writing)
    print_change(given, after, changed, told, as_json=as_json)


@contextmanager
def session_editor(given: OpenedSession) -> "Iterator[tuple[SessionEditor, Find]]":
    """Yield what changes a session, and what finds a track by its name."""
    from playlist_builder.sessions.editor import SessionEditor

    request = stored_request(given.session, given.label, given.library)
    with open_library(request.library) as opened:
        asked = replace(given.session, request=request)
        editor = SessionEditor(opened, asked, profile_folders=options.profile_folders())
        yield editor, opened.find


def _number(editor: "SessionEditor", track: str) -> int:
    """Return the number of a track of the session that is named by number, title or path."""
    from playlist_builder.sessions.track_words import number_of

    return number_of(editor.session, track)


def _choice(
    editor: "SessionEditor", place: int, take: int | None, shown: int | None, *, as_json: bool
) -> "Edited | None":
    """Return the session with what is taken, of all that was listed, in a place.

    None where nothing is marked and nobody says what to take.
    """
    found = _listed(editor, place, shown, as_json=as_json)
    again = _show_arranged_again(editor, place, found, as_json=as_json)
    count = len(found) + (again is not None)
    chosen = next((n for n, each in enumerate(found, start=1) if each.is_choice), None)
    if take is not None:
        chosen = take
    elif output.can_ask() and not as_json:
        chosen = _asked(count, chosen)
    if chosen is None:
        return None
    if chosen > count:
        raise NotThereError(
            "--take {chosen}: there are {count} candidates for {place}.",
            chosen=chosen,
            count=count,
            place=place,
        )
    if again is not None and chosen == count:
        return again
    return editor.swap(place, found[chosen - 1].track)


def _show_candidates(editor: "SessionEditor", number: int, count: int, *, as_json: bool) -> None:
    if as_json:
        found = editor.candidates(number, count)
        last = []
        with suppress(ArrangeError):  # nothing fits at all, and the list is empty
            again = _arranged_again(editor, number, found)
            last = [] if again is None else [arranged_document(again)]
        output.print_json([*map(candidate_document, found), *last])
    else:
        _show_arranged_again(editor, number, _listed(editor, number, count, as_json=False))


def _listed(
    editor: "SessionEditor", number: int, count: int | None, *, as_json: bool
) -> "list[Candidate]":
    """Return the candidates for a number, after printing them."""
    found = editor.candidates(number) if count is None else editor.candidates(number, count)
    if found:
        if count is not None and len(found) < count:
            known = ngettext(
                "No more than {count} track fits there.",
                "No more than {count} tracks fit there.",
                len(found),
            )
            output.print_message(known.format(count=len(found)))
        lines = candidate_lines(editor.session, number, found)
        output.print_text("\n".join(lines), err=as_json)
        if not any(each.is_choice for each in found):
            output.print_message(_("Each of these stands out, so none is marked."))
    return found


def _show_arranged_again(
    editor: "SessionEditor", number: int, found: "Sequence[Candidate]", *, as_json: bool = False
) -> "Edited | None":
    """Return the session with what follows a number arranged again, after printing its changes."""
    again = _arranged_again(editor, number, found)
    if again is not None:
        if not found:
            output.print_message(_("No single track fits there."))
        lines = arranged_lines(again.difference, len(found) + 1)
        output.print_text("\n".join(lines), err=as_json)
    return again


def _arranged_again(
    editor: "SessionEditor", number: int, found: "Sequence[Candidate]"
) -> "Edited | None":
    """Return the session with what follows a number arranged again, where no candidate is marked.

    None where there is no such way, but candidates.
    """
    if any(each.is_choice for each in found):
        return None
    try:
        again = editor.swap(number, rearrange=True)
    except ArrangeError:
        if found:
            return None
        raise
    editor.undo()
    return again


def _asked(count: int, chosen: int | None) -> int:
    """Return the number that the user chooses, up to a count; Enter takes the `chosen` one."""
    enter = _("Enter takes {number}").format(number=chosen) if chosen else ""
    while True:
        line = output.ask(
            _("A number, {enter}, q changes nothing: ").format(enter=enter)
            if enter
            else _("A number; Enter or q changes nothing: ")
        ).casefold()
        if not line and chosen is not None:
            return chosen
        if line in {"", "q"}:
            output.print_message(_("Nothing was changed."))
            raise click.exceptions.Exit(1)
        if line.isdecimal() and 1 <= int(line) <= count:
            return int(line)
        output.print_message(_("{answer!r} is no answer here.").format(answer=line))
