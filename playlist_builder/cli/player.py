"""A music player that plays one file at a time, and is stopped when it is not needed any more."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from playlist_builder.cli import output
from playlist_builder.cli.language import _
from playlist_builder.files.system import WINDOWS, own_group

PATIENCE_S = 2.0  # until a player that was asked to end is killed


def command_line(text: str, platform: str = sys.platform) -> list[str]:
    """Return the words of a command line, split as the system's shell does it.

    Raises BadParameter where there is no such program.
    """
    try:
        if platform == WINDOWS:  # where a backslash parts folders
            words = [word.strip('"') for word in shlex.split(text, posix=False)]
        else:
            words = shlex.split(text)
    except ValueError as error:
        raise click.BadParameter(
            _("{text!r} is no command line: {error}.").format(text=text, error=error)
        ) from error
    if not words or shutil.which(words[0]) is None:
        name = words[0] if words else text
        raise click.BadParameter(
            _("there is no program {name!r}. Give one such as mpv.").format(name=name)
        )
    return words


class Player:
    """A command line to which the path of a file is added; with no words nothing is played."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self._process: subprocess.Popen[bytes] | None = None

    def play(self, path: str) -> None:
        """Start playing a file, and stop what was played before. Raises OSError."""
        self.stop()
        if self.words:
            self._process = subprocess.Popen(  # noqa: S603 - what the user asked for
                [*self.words, path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **own_group(),
            )

    def stop(self) -> None:
        """Stop playing; says so where the player had failed."""
        process, self._process = self._process, None
        if process is None:
            return
        if (code := process.poll()) is not None:
            if code:
                output.print_message(
                    _("The player {name!r} ended with exit code {code}.").format(
                        name=self.words[0], code=code
                    )
                )
            return
        _signal(process, "SIGTERM")
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            _signal(process, "SIGKILL")
            process.wait()


@contextmanager
def playing(words: Sequence[str]) -> Iterator[Player]:
    """Yield a player that is stopped in the end, whatever happens."""
    player = Player(words)
    try:
        yield player
    finally:
        player.stop()


def _signal(process: "subprocess.Popen[bytes]", name: str) -> None:
    """Send a signal to a process and those that it started; Windows just ends it."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, getattr(signal, name))
    else:
        process.terminate()
