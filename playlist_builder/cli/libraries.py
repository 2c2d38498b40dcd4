"""Commands about library files: library merge."""

from dataclasses import asdict

import click

from playlist_builder.cli.common import (
    json_option,
    library_option,
    open_library,
    print_json,
    shown,
)


@click.group()
def library() -> None:
    """Work with library files."""


@library.command()
@click.argument("other", type=click.Path(exists=True, dir_okay=False))
@library_option
@json_option
def merge(other: str, library: str | None, *, as_json: bool) -> None:
    """Add what the library OTHER knows and this one does not; OTHER is only read.

    Music is told by its sound, wherever its files lie. What you said here stays,
    of tracks as of names.
    """
    with open_library(library) as opened:
        report = opened.merge(other)
    for each in report.conflicts:
        told = f"{each.name}: {each.what} stays {each.here!r}; there it is {each.there!r}"
        click.echo(shown(told), err=True)
    if as_json:
        print_json({**asdict(report), "conflicts": [asdict(each) for each in report.conflicts]})
        return
    told = f"{report.measured} measured, {report.heard} listened to, {report.files} files and"
    told += f" {report.marks} marks came along."
    if report.sessions or report.ratings or report.bans:
        told += f" So did the past of names: {report.sessions} sessions, {report.ratings} ratings"
        told += f" and {report.bans} bans."
    click.echo(told, err=True)


COMMANDS = (library,)
