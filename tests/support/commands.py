"""Commands as a user types them: within this process, or in one of their own where that matters."""

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

from playlist_builder.cli import main

COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE")


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    stdout: str
    stderr: str


def invoke(*arguments: object, cwd=None, typed: str = "", **environment: str) -> Done:
    """Run a command within this process, which is much quicker than in one of its own.

    What is `typed` is its standard input.
    """
    usual = {"COLUMNS": "100"} | dict.fromkeys(COLOURS) | environment
    with contextlib.chdir(cwd or os.curdir):
        done = CliRunner(env=usual).invoke(main, [*map(str, arguments)], input=typed)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


def run(*arguments: object, code: int = 0, **options: Any) -> Done:
    """Run a command within this process; it must exit with `code`."""
    done = invoke(*arguments, **options)
    assert done.code == code, done.stderr
    return done


def run_process(*arguments: object, cwd=None, code=0, **environment: str) -> Done:
    """Run a command in a process of its own; it must exit with `code`."""
    usual = {name: value for name, value in os.environ.items() if name not in COLOURS}
    done = subprocess.run(
        [sys.executable, "-m", "playlist_builder", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env=usual | {"COLUMNS": "100", "PYTHONUTF8": "1"} | environment,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr)
