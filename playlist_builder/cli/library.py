"""The library file that a command uses, and the commands about library files: library merge."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from playlist_builder.cli import options, output
from playlist_builder.errors import LibraryError

if TYPE_CHECKING:
    from playlist_builder.library.library import Library
    from playlist_builder.models import Session


def library_of(session: "Session | None", library: str | None) -> str | None:
    """Return the library file for a session; None is the file in the user's data folder.

    `library` is the option, which reads the environment where it is not given; the session's own
    library comes last.
    """
    request = session.request if session is not None else None
    return library or (request.library if request is not None else None)


def existing_library_of(session: "Session", file: str, library: str | None) -> str | None:
    """Return the absolute `library_of` a session of that file; LibraryError where it is gone."""
    found = library_of(session, library)
    if found is not None and not os.path.exists(found):
        raise LibraryError(
            f"The library {found!r} of {file!r} is gone. Give another one with --library FILE."
        )
    return os.path.abspath(found) if found else None


@contextmanager
def open_library(path: str | None) -> "Iterator[Library]":
    """Open a library, made where there is none, and print what had to be recovered."""
    from playlist_builder.library.library import Library

    with Library.open(path) as opened:
        if opened.recovered:
            output.print_message(opened.recovered)
        yield opened


def open_existing(path: str | None) -> "AbstractContextManager[Library | None]":
    """Open a library if it exists."""
    return open_library(path) if os.path.exists(file_of(path)) else nullcontext()


def file_of(path: str | None) -> str:
    """Return the path of a library file; of None, that in the user's data folder."""
    from playlist_builder.library.library import default_path

    return path or os.fspath(default_path())


@click.group()
def library() -> None:
    """Work with library files."""


@library.command()
@click.argument("other", type=click.Path(exists=True, dir_okay=False))
@options.library_option
@options.json_option
def merge(other: str, library: str | None, *, as_json: bool) -> None:
    """Add what the library OTHER knows and this one does not; OTHER is only read.

    Music is told by its sound, wherever its files lie. What you said here stays,
    of tracks as of names.
    """
    with open_library(library) as opened:
        report = opened.merge(other)
    for each in report.conflicts:
        output.print_message(
            f"{each.name}: {each.what} stays {each.here!r}; there it is {each.there!r}"
        )
    if as_json:
        output.print_json(asdict(report))
        return
    text = f"{report.measured} measured, {report.heard} listened to, {report.files} files and"
    text += f" {report.marks} marks came along."
    if report.sessions or report.ratings or report.bans:
        text += f" So did the past of names: {report.sessions} sessions, {report.ratings} ratings"
        text += f" and {report.bans} bans."
    output.print_message(text)


COMMANDS = (library,)
