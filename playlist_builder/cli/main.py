"""The group to which each file of commands adds its own, and what becomes of their errors."""

import atexit
import gc
import os
import re
from importlib import import_module
from typing import Any

import click

from playlist_builder.cli import output
from playlist_builder.cli.help import WholeLines
from playlist_builder.cli.language import _, told, use_for_click
from playlist_builder.errors import (
    NotThereError,
    PlaylistBuilderError,
    RequestError,
    system_reason,
)
from playlist_builder.files.system import ONE_THREAD, open_closed_streams

GARBAGE = 50_000, 20, 1_000  # seldom: a large library is a million objects and none of it
atexit.register(gc.freeze)  # the system takes all back: no last search, of 35 ms in every command

NOT_LOADED = re.compile(  # what the systems say of a library or thread that finds no memory
    "failed to map segment|cannot allocate memory|paging file is too small|start new thread",
    re.IGNORECASE,
)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or NOT_LOADED.search(str(error)) is not None


SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
SECTIONS = {  # of the help, with their commands in the order in which one needs them
    "Everyday": ("scan", "build", "report", "swap", "copy", "sessions", "undo", "redo", "demo"),
    "Change a session": (
        *("pin", "unpin", "drop", "move", "insert", "extend", "shorten"),
        *("rebuild", "reorder", "resolve"),
    ),
    "While it runs": ("desk", "menu", "replan", "rescue"),
    "Players, recordings and sticks": ("export", "push", "render", "preview", "check"),
    "People": ("series", "rate", "history", "records", "record"),
    "Library and profiles": ("tracks", "show", "mark", "calibrate", "library", "profiles"),
}
NAMES = sorted(name for names in SECTIONS.values() for name in names)
FILES = {  # of commands that stand in the file of another
    name: file
    for file, names in {
        "build": ("demo", "reorder"),
        "edit": ("drop", "extend", "insert", "move", "pin", "shorten", "swap", "unpin"),
        "history": ("rate",),
        "records": ("record",),
        "render": ("preview",),
        "replan": ("rescue",),
        "tracks": ("mark", "show"),
        "undo": ("redo",),
    }.items()
    for name in names
}


class _Commands(WholeLines):
    """Commands in sections, whose foreseen errors are one line and exit code 1.

    The file of a command is loaded with it: all of them take as long as click and Python.
    """

    sections = SECTIONS
    group_class = WholeLines

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return NAMES

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in NAMES and name not in self.commands:
            import_module(f"{__package__}.{FILES.get(name, name)}")
        return super().get_command(ctx, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=NAMES, ctx=ctx
            ) from None

    def main(self, *arguments: Any, **settings: Any) -> Any:
        open_closed_streams()
        use_for_click()
        for name, value in ONE_THREAD.items():
            os.environ.setdefault(name, value)
        return super().main(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        gc.set_threshold(*GARBAGE)
        try:
            return super().invoke(ctx)
        except NotThereError as error:
            raise click.ClickException(output.displayable(told(error))) from error
        except RequestError as error:
            raise click.UsageError(output.displayable(told(error))) from error
        except PlaylistBuilderError as error:
            raise click.ClickException(output.displayable(told(error))) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            place, why = output.displayable(str(error.filename or "")), told(system_reason(error))
            known = _("Cannot use {place}: {why}.") if place else _("Cannot use: {why}.")
            raise click.ClickException(known.format(place=place, why=why)) from error
        except (MemoryError, ImportError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            raise click.ClickException(
                _(
                    "There is too little memory for this. Close other programs, or allow more where"
                    " a limit is set, as by 'ulimit -v'. What was done is kept; the same command"
                    " goes on."
                )
            ) from error
        except KeyboardInterrupt:
            output.print_message(_("Stopped. What was done is kept; the same command goes on."))
            raise click.exceptions.Exit(output.INTERRUPTED) from None


@click.group(cls=_Commands, context_settings=SETTINGS)
@click.version_option(package_name="playlist-builder")
def main() -> None:
    """Turn a folder of instrumental music into a session that follows a planned energy curve.

    SESSION is a number or name (see 'sessions'), a file that was written of it, or left out: the
    last one. A TRACK is its number in the session, its title or a part of that, or its path.

    Exit codes: 0 done, 1 it could not be done, as what is named is not there or the music does not
    allow it, 2 the command was not understood, 130 it was stopped by Ctrl-C.
    """
