"""Commands that edit a session file: swap, pin, unpin, drop, move, insert, extend, shorten."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.change_text import (
    candidate_document,
    candidate_lines,
    difference_lines,
)
from playlist_builder.cli.export import renewal
from playlist_builder.cli.history import record_history
from playlist_builder.cli.library import open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.request import stored_request
from playlist_builder.errors import RequestError

if TYPE_CHECKING:
    from playlist_builder.sessions.candidates import Candidate
    from playlist_builder.sessions.editor import Edited, SessionEditor

    Find = Callable[[str], api.Track]
    Edit = Callable[[SessionEditor, Find], Edited]


number_argument = click.argument("number", type=int, required=False)
edit_options = options.combined(
    click.option("--undo", is_flag=True, help="Step back before the last change."),
    options.session_options,
)


def edit_command(
    *parameters: Callable[[Any], Any],
) -> "Callable[[Callable[..., Edited]], click.Command]":
    """Return a decorator that makes a command of an edit.

    The edit takes an editor, what finds a track by its name, and the values of the parameters.
    """

    def decorate(edit: "Callable[..., Edited]") -> click.Command:
        @wraps(edit)
        def command(
            session: str, library: str | None, *, undo: bool, as_json: bool, **values: Any
        ) -> None:
            check_undo(undo=undo, **values)
            change_session(session, library, partial(edit, **values), undo=undo, as_json=as_json)

        decorators = options.combined(options.session_argument, *parameters, edit_options)
        return main.command()(decorators(command))

    return decorate


@main.command()
@options.session_argument
@number_argument
@click.option("--with", "track", metavar="TRACK", help="Put in this one.")
@click.option("--take", type=click.IntRange(min=1), help="Put in this one of the candidates.")
@click.option(
    "--candidates", type=click.IntRange(1, 50), help="Show so many; without --take change nothing."
)
@edit_options
def swap(
    session: str,
    number: int | None,
    track: str | None,
    take: int | None,
    candidates: int | None,
    library: str | None,
    *,
    undo: bool,
    as_json: bool,
) -> None:
    """Exchange track NUMBER of SESSION (.json) for another one.

    Five candidates are listed, with what each does to the curve, and the one marked * is taken:
    when you press Enter, or at once where nobody can answer. Another one comes with --take, any
    track with --with. What stands out, as by a jump of loudness, is never marked; where all do,
    what follows is arranged again.
    """
    if candidates is not None and (undo or track is not None):
        raise click.UsageError("--candidates changes nothing: leave out --with and --undo.")
    if take is not None and (undo or track is not None):
        raise click.UsageError("--take names a candidate: leave out --with and --undo.")
    if candidates is not None and take is None:
        with session_editor(api.load_session(session), session, library) as (editor, _):
            _show_candidates(editor, _number(editor, number), candidates, as_json=as_json)
        return
    check_undo(undo=undo, number=number, track=track)

    def edit(editor: "SessionEditor", find: "Find") -> "Edited":
        place = _number(editor, number)
        if track is not None:
            return editor.swap(place, find(track))
        found = _listed(editor, place, candidates, as_json=as_json)
        chosen = take
        if take is None and output.can_ask() and not as_json:
            chosen = _asked(found)
        if chosen is not None and chosen > len(found):
            raise RequestError(f"--take {chosen}: there are {len(found)} candidates for {place}.")
        best = next((each for each in found if each.is_choice), None)
        taken = best if chosen is None else found[chosen - 1]
        return editor.swap(place, None if taken is None else taken.track)

    change_session(session, library, edit, undo=undo, as_json=as_json)


@edit_command(number_argument)
def pin(editor: "SessionEditor", _: "Find", number: int | None) -> "Edited":
    """Have later changes and rebuilds of SESSION (.json) keep track NUMBER at its time.

    With the plan around it that moves: by 'extend', 'shorten' and 'replan', which tell it. To swap,
    drop or 'unpin' the track ends it.
    """
    return editor.pin(_number(editor, number))


@edit_command(number_argument)
def unpin(editor: "SessionEditor", _: "Find", number: int | None) -> "Edited":
    """Let track NUMBER of SESSION (.json) be moved and replaced again."""
    return editor.unpin(_number(editor, number))


@edit_command(number_argument)
def drop(editor: "SessionEditor", _: "Find", number: int | None) -> "Edited":
    """Take track NUMBER out of SESSION (.json), and fill the gap behind it."""
    return editor.drop(_number(editor, number))


@edit_command(number_argument, click.argument("to", type=int, required=False))
def move(editor: "SessionEditor", _: "Find", number: int | None, to: int | None) -> "Edited":
    """Let track NUMBER of SESSION (.json) be number TO."""
    return editor.move(_number(editor, number), _number(editor, to))


@edit_command(
    click.argument("track", required=False),
    click.option(
        "--at", "number", type=int, help="Its number in the session; the last if not given."
    ),
)
def insert(
    editor: "SessionEditor", find: "Find", track: str | None, number: int | None
) -> "Edited":
    """Put TRACK into SESSION (.json); what follows moves."""
    if track is None:
        raise RequestError("Name the track to insert.")
    return editor.insert(find(track), number)


stretch_parameters = (
    click.argument("duration", type=options.duration, required=False),
    click.option("--phase", help="The phase; the one that holds the middle if not given."),
)


@edit_command(*stretch_parameters)
def extend(
    editor: "SessionEditor", _: "Find", duration: float | None, phase: str | None
) -> "Edited":
    """Let a phase of SESSION (.json) last longer by DURATION, such as 10m."""
    return editor.extend(by_s=_given(duration), phase=phase)


@edit_command(*stretch_parameters)
def shorten(
    editor: "SessionEditor", _: "Find", duration: float | None, phase: str | None
) -> "Edited":
    """Let a phase of SESSION (.json) be shorter by DURATION, such as 10m."""
    return editor.shorten(by_s=_given(duration), phase=phase)


def _given(duration_s: float | None) -> float:
    if duration_s is None:
        raise RequestError("Say by how much, such as 10m.")
    return duration_s


def check_undo(*, undo: bool, **values: object) -> None:
    """Raise UsageError where a change is asked for together with --undo, which makes none."""
    if undo and any(value is not None and value is not False for value in values.values()):
        raise click.UsageError(
            "--undo only steps back before the last change: give it with the session alone."
        )


def change_session(
    session: str,
    library: str | None,
    edit: "Edit",
    *,
    undo: bool,
    as_json: bool,
    before_writing: "Callable[[api.Session, api.Session], None] | None" = None,
    after_writing: "Callable[[api.Session, api.Session], None] | None" = None,
) -> None:
    """Change a session file and print what came of it.

    `before_writing` and `after_writing` take the sessions before and after an edit; what they raise
    leaves the file as it was.
    """
    from playlist_builder.playlists import session_json
    from playlist_builder.playlists.write import write_text
    from playlist_builder.sessions.difference import difference

    text = session_json.read(session)
    before = session_json.parse(text, session)
    if undo:
        new = session_json.undo(text, session)
    else:
        with session_editor(before, session, library) as (editor, find):
            new = session_json.dump_with_undo(edit(editor, find).session, text)
    after = session_json.parse(new, session)
    if before_writing is not None and not undo:
        before_writing(before, after)
    record_history([after], [session], library)
    write_text(session, new)
    if after_writing is not None and not undo:
        try:
            after_writing(before, after)
        except BaseException:
            record_history([before], [session], library)
            write_text(session, text)
            raise
    output.print_session(after, err=as_json)
    output.print_text("\n".join(difference_lines(difference(before, after))), err=as_json)
    output.print_message(f"Wrote {session}. {renewal(session)}")
    if as_json:
        click.echo(session_json.dump(after), nl=False)


@contextmanager
def session_editor(
    before: "api.Session", file: str, library: str | None
) -> "Iterator[tuple[SessionEditor, Find]]":
    """Yield what changes the session of a file, and what finds a track by its name."""
    from playlist_builder.sessions.editor import SessionEditor

    request = stored_request(before, file, library)
    with open_library(request.library) as opened:
        asked = replace(before, request=request)
        editor = SessionEditor(opened, asked, profile_folders=options.profile_folders())
        yield editor, opened.find


def _number(editor: "SessionEditor", number: int | None) -> int:
    """Return a number that was typed."""
    if number is None:
        last = len(editor.session.slots)
        raise RequestError(f"Say which track: the session has numbers 1 to {last}.")
    return number


def _show_candidates(editor: "SessionEditor", number: int, count: int, *, as_json: bool) -> None:
    if as_json:
        output.print_json(list(map(candidate_document, editor.candidates(number, count))))
    elif not _listed(editor, number, count, as_json=False):
        output.print_message("Without --candidates, what follows is arranged again.")


def _listed(
    editor: "SessionEditor", number: int, count: int | None, *, as_json: bool
) -> "list[Candidate]":
    """Return the candidates for a number, after printing them."""
    found = editor.candidates(number) if count is None else editor.candidates(number, count)
    if found:
        lines = candidate_lines(editor.session, number, found)
        output.print_text("\n".join(lines), err=as_json)
        if not any(each.is_choice for each in found):
            output.print_message("Each of these stands out, so none is marked.")
    else:
        output.print_message("No single track is like it.")
    return found


def _asked(found: "list[Candidate]") -> int | None:
    """Return the number of the candidate to take, None for what is taken without a word."""
    chosen = next((n for n, each in enumerate(found, start=1) if each.is_choice), None)
    enter = f"Enter takes {chosen}" if chosen else "Enter arranges what follows again"
    while True:
        line = output.ask(f"A number, {enter}, q changes nothing: ").casefold()
        if not line:
            return None
        if line == "q":
            output.print_message("Nothing was changed.")
            raise click.exceptions.Exit(1)
        if line.isdecimal() and 1 <= int(line) <= len(found):
            return int(line)
        output.print_message(f"{line!r} is no answer here.")
