"""The group to which each file of commands adds its own, and what becomes of their errors."""

import gc
import os
from typing import Any

import click

from playlist_builder.cli import output
from playlist_builder.errors import PlaylistBuilderError, RequestError
from playlist_builder.system import ONE_THREAD, open_closed_streams

GARBAGE = 50_000, 20, 1_000  # seldom: a large library is a million objects and none of it


class _Commands(click.Group):
    """Commands whose foreseen errors are one line and exit code 1."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        open_closed_streams()
        for name, value in ONE_THREAD.items():
            os.environ.setdefault(name, value)
        return super().main(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        gc.set_threshold(*GARBAGE)
        try:
            return super().invoke(ctx)
        except RequestError as error:
            raise click.UsageError(output.displayable(str(error))) from error
        except PlaylistBuilderError as error:
            raise click.ClickException(output.displayable(str(error))) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            place = f" {output.displayable(str(error.filename))}" if error.filename else ""
            raise click.ClickException(f"Cannot use{place}: {error.strerror}.") from error
        except KeyboardInterrupt:
            output.print_message("Stopped. What was done is kept; the same command goes on.")
            raise click.exceptions.Exit(1) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="playlist-builder")
def main() -> None:
    """Turn a folder of instrumental music into a session that follows a planned energy curve.

    Exit codes: 0 done, 1 it could not be done, 2 the command was not understood.
    """
