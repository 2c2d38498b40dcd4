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
        words = ("-m", "playlist_builder", "desk", "--no-browser", "--library", self.library)
        self.process = subprocess.Popen(
            [sys.executable, *words],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"LANGUAGE": self.language},
        )
        return re.search(r"http\S+", self.process.stderr.readline())[0]

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
