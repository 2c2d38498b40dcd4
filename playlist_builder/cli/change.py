"""A changed session: kept by its library, written to its files again, and told of.

What goes wrong before the end leaves library and files as they were.
"""

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.change_text import difference_lines
from playlist_builder.cli.history import record_history
from playlist_builder.cli.language import _
from playlist_builder.cli.library import open_library
from playlist_builder.cli.renew import renewals, rewrite
from playlist_builder.cli.session import (
    PAGES,
    PLAYLISTS,
    OpenedSession,
    number_and_name,
    warn_banned,
)
from playlist_builder.cli.written import Content, content, remembered

if TYPE_CHECKING:
    from playlist_builder.sessions.difference import Difference

Check = Callable[["api.Session", "api.Session"], None]


def save_change(
    given: OpenedSession,
    text: str,
    *,
    after_writing: Check | None = None,
    written: Sequence[str] = (),
) -> "tuple[api.Session, list[str]]":
    """Return a session whose document is `text` from now on, and what there is to tell of files.

    `after_writing` takes the sessions before and after the change; what it raises takes it back.
    Files that are about to be `written` by others are not older then.
    """
    from playlist_builder.playlists import session_json

    after = session_json.parse(text, given.label)
    if after.request is not None and given.session.request is not None:
        own = given.session.request.kept_id
        after = replace(after, request=replace(after.request, kept_id=own))
    contents, told = renewals(given, after, text)
    told = [*_store(given, after, text, contents, written), *told]
    if after_writing is not None:
        try:
            after_writing(given.session, after)
        except BaseException:
            before = [
                content(
                    *(given.session, given.text, each.path, each.form),
                    is_marked=each.is_marked,
                    kept=given.kept,
                )
                for each in contents
            ]
            free = given.kept and replace(given.kept, turn=0)  # it is our own change that goes
            _store(replace(given, kept=free), given.session, given.text, before)
            raise
    return after, told


def _store(
    given: OpenedSession,
    session: "api.Session",
    text: str,
    contents: list[Content],
    outputs: Sequence[str] = (),
) -> list[str]:
    """Keep a state of a session in library and files; return what there is to tell of these."""
    from playlist_builder.playlists.write import write_text
    from playlist_builder.sessions.keep import Entry, store

    if given.kept is None:
        record_history([session], [given.history_file], given.library)
        write_text(given.word, text)
        wrote = _("Wrote {path}").format(path=given.word)
        return [_("{first}. {then}").format(first=wrote, then=_renewal(given.word, outputs))]
    own, file = given.kept.id, given.history_file.removeprefix("-")
    entry = Entry(session, text, history_file=file, turn=given.kept.turn)
    with open_library(given.library) as opened:
        store(opened, [entry], options.now())
    written, told = rewrite(session, contents)
    with open_library(given.library) as opened:
        opened.sessions.add_file(own, *remembered(written))
    return told


def _export_hint(word: object) -> str:
    command = f"playlist-builder export {word} -o FILE.m3u8"
    return _("For a player, export it: {command}").format(command=command)


def _renewal(session: str, written: Sequence[str]) -> str:
    """Say which files beside a session file, under its name, are older now and what renews them.

    Those that were `written` with it are not. Where there are none of either, it says how to write
    one.
    """
    stem = os.path.splitext(session)[0]
    files = (stem + suffix for suffix in (*PLAYLISTS, *PAGES))
    beside = [file for file in files if os.path.isfile(file) and file not in written]
    if written and not beside:
        return ""
    if not beside:
        return _export_hint("SESSION")
    commands = [
        f"playlist-builder {name} {shlex.quote(session)} -o {shlex.quote(file)}"
        for name, suffixes in (("export", PLAYLISTS), ("report", PAGES))
        for file in beside
        if file.endswith(suffixes)
    ]
    first = _("These may hold another state of the session; renew them:")
    return "\n".join([first, *commands])


def print_change(
    given: OpenedSession,
    after: "api.Session",
    changed: "Difference",
    told: list[str],
    *,
    as_json: bool,
) -> None:
    """Print a session, what has `changed` in it, and what became of its files."""
    from playlist_builder.playlists import session_json

    output.print_session(after, again=given.command("report"), err=as_json)
    lines = difference_lines(changed)
    output.print_text("\n".join(lines), err=as_json)
    for line in told:
        output.print_message(line)
    output.warn_missing_files(after, given.word)
    if not any(note.code == "kept" for note in after.warnings):  # else it is told there
        warn_banned(given, after)
    if given.kept is not None:
        hint = "" if given.kept.files else _(" {hint}").format(hint=_export_hint(given.kept.number))
        output.print_message(
            _("Session {session} is changed.{hint}").format(
                session=number_and_name(given.kept), hint=hint
            )
        )
    if as_json:
        click.echo(session_json.dump(after), nl=False)
