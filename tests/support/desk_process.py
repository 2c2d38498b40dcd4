"""The desk of a library in a process of its own, which can be killed and started again."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]


class DeskProcess:
    """A desk that is started as a user does."""

    def __init__(self, library, language="en"):
        self.library, self.language, self.process = library, language, None

    def start(self):
        """Start it, or start it again, and return its address when it listens."""
        self.process = self._started()
        return re.search(r"http\S+", self.process.stderr.readline())[0]

    def start_again(self):
        """Return the address that a second start shows, which finds the first one."""
        with self._started() as second:
            return re.search(r"open already: (http\S+)", second.stderr.read())[1]

    def _started(self):
        words = ("-m", "playlist_builder", "desk", "--no-browser", "--library", self.library)
        return subprocess.Popen(
            [sys.executable, *words],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"LANGUAGE": self.language},
        )

    def halt(self):
        """Let it answer nothing, while connections stay."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        """Let it answer again."""
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self):
        """End it without a chance to clean up."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()
