"""The library file that a command uses, and the commands about library files: library merge."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, ngettext, told
from playlist_builder.cli.main import main
from playlist_builder.errors import ExportError, LibraryError

DEMO_FOLDER = "playlist-builder-demo"
DEMO_LIBRARY = f"{DEMO_FOLDER}/library.db"  # as seen from where the demo was made


def library_of(session: "api.Session | None", library: str | None) -> str | None:
    """Return the library that the user names, else the session's; None is the default one."""
    request = session.request if session is not None else None
    return library or (request.library if request is not None else None)


def existing_library_of(session: "api.Session", file: str, library: str | None) -> str | None:
    """Return the absolute `library_of` a session of that file; LibraryError where it is gone."""
    found = library_of(session, library)
    if found is not None and not os.path.exists(found):
        raise LibraryError(
            "The library {found!r} of {file!r} is gone. Give another one with --library FILE.",
            found=found,
            file=file,
        )
    return os.path.abspath(found) if found else None


@contextmanager
def open_library(path: str | None, *, create: bool = False) -> "Iterator[api.Library]":
    """Open a library and print what had to be recovered; LibraryError where there is none.

    Only a scan may `create` one: where a drive is not mounted, an empty library would take the
    place of the user's own, and keep what is said to it.
    """
    if not (create or exists(path)):
        if os.path.exists(DEMO_LIBRARY):
            raise LibraryError(
                "No library at {path!r}: is the drive mounted? Give another one with --library"
                " FILE, or scan a folder first: playlist-builder scan FOLDER. That of the demo:"
                " --library {demo}",
                path=file_of(path),
                demo=DEMO_LIBRARY,
            )
        raise LibraryError(
            "No library at {path!r}: is the drive mounted? Give another one with --library"
            " FILE, or scan a folder first: playlist-builder scan FOLDER.",
            path=file_of(path),
        )
    with api.Library.open(path) as opened:
        if opened.recovered:
            output.print_message(told(opened.recovered))
        yield opened


def open_existing(path: str | None) -> "AbstractContextManager[api.Library | None]":
    """Open a library if it exists."""
    return open_library(path) if exists(path) else nullcontext()


def exists(path: str | None) -> bool:
    """Whether a library is there, or its backup, from which it is restored."""
    from playlist_builder.library.backup import backup_path

    file = file_of(path)
    return any(map(os.path.exists, (file, backup_path(file))))


def file_of(path: str | None) -> str:
    """Return the path of a library file; of None, that in the user's data folder."""
    from playlist_builder.library.library import user_path

    return path or os.fspath(user_path())


def protect_music(outputs: Iterable[str], library: str | None) -> None:
    """Raise ExportError where an output would replace a file of the music of a library.

    Of this one, of the one that the environment names, and of that in the user's data folder; the
    two others are only looked into, if they can be read.
    """
    from playlist_builder.library.library import Library

    there = [file for file in outputs if file != "-" and os.path.isfile(file)]
    if not there:
        return
    named = (library, os.environ.get(options.LIBRARY_VARIABLE), None)
    for path in filter(os.path.isfile, dict.fromkeys(map(file_of, named))):
        own = path == file_of(library)
        try:
            with open_library(path) if own else Library.look(path) as opened:
                pairs = [(file, opened.path_of(file)) for file in there]
        except LibraryError:
            if own:
                raise
            continue
        for file, known in pairs:
            if known is not None:
                raise ExportError(
                    "Cannot write {file!r}: the library {path!r} knows {known!r} as music. Choose"
                    " another name",
                    file=file,
                    path=path,
                    known=known,
                )


@main.group()
def library() -> None:
    """Work with library files."""


@library.command()
@click.argument("other", type=options.ThereIs(dir_okay=False))
@options.common_options
def merge(other: str, library: str | None, *, as_json: bool) -> None:
    """Add what the library OTHER knows and this one does not; OTHER is only read.

    Music is recognised by its sound, wherever its files lie. What you marked here stays,
    of tracks as of names.
    """
    with open_library(library) as opened:
        report = opened.merge(other)
    for each in report.conflicts:
        output.print_message(
            _("{name}: {what} stays {here!r}; there it is {there!r}").format(
                name=told(each.name), what=told(each.what), here=each.here, there=each.there
            )
        )
    for number in report.damaged:
        output.print_message(
            _("Session {number} of {other} is damaged, and was left out.").format(
                number=number, other=other
            )
        )
    if as_json:
        output.print_json(report)
        return
    text = _("{measured} measured, {heard} listened to, {embedded} embedded,").format(
        measured=report.measured, heard=report.heard, embedded=report.embedded
    )
    text += _(" {files} and {marks} came along.").format(
        files=ngettext("{count} file", "{count} files", report.files).format(count=report.files),
        marks=ngettext("{count} mark", "{count} marks", report.marks).format(count=report.marks),
    )
    if report.sessions or report.ratings or report.bans:
        text += _(" So did the past of names: {sessions}, {ratings} and {bans}.").format(
            sessions=ngettext("{count} session", "{count} sessions", report.sessions).format(
                count=report.sessions
            ),
            ratings=ngettext("{count} rating", "{count} ratings", report.ratings).format(
                count=report.ratings
            ),
            bans=ngettext("{count} ban", "{count} bans", report.bans).format(count=report.bans),
        )
    if report.kept:
        text += _(" So did {sessions}; see 'playlist-builder sessions'.").format(
            sessions=ngettext("{count} session", "{count} sessions", report.kept).format(
                count=report.kept
            )
        )
    if report.records:
        text += _(" So did {records}; see 'playlist-builder records'.").format(
            records=ngettext("{count} record", "{count} records", report.records).format(
                count=report.records
            )
        )
    if report.answers:
        text += _(" So did {answers} of 'calibrate'.").format(
            answers=ngettext("{count} answer", "{count} answers", report.answers).format(
                count=report.answers
            )
        )
    output.print_message(text)
