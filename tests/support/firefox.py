"""Firefox without a screen, driven by its own protocol, Marionette, and a device that is silent.

A message is `LENGTH:JSON`: [0, number, command, values] asks, [1, number, error, answer] answers.
"""

import json
import os
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

PATIENCE_S = 120.0
ENTER, PAGE_UP, SPACE = "\ue007", "\ue00e", " "
PREFERENCES = {
    "marionette.port": 0,  # any that is free
    "media.autoplay.default": 0,  # allowed without a press
    # The page asks the device itself: by way of the browser it stood still where that was busy.
    "media.cubeb.sandbox": False,
    "security.sandbox.content.level": 0,
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "datareporting.policy.dataSubmissionEnabled": False,
}


@contextmanager
def silent_device(folder: Path):
    """Run a sound server whose one device is heard by nobody; yield what programs find it by."""
    found = f"unix:{folder}/native"
    modules = ("module-null-sink", f"module-native-protocol-unix socket={folder}/native")
    process = subprocess.Popen(
        [
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
            *("--disable-shm=yes", "--realtime=no", "--high-priority=no"),
            *(word for each in modules for word in ("-L", each)),
        ],
        env=os.environ | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
        stderr=subprocess.DEVNULL,
    )
    try:
        _until((folder / "native").exists, "the sound server")
        yield {"PULSE_SERVER": found, "PULSE_COOKIE": str(folder / ".config/pulse/cookie")}
    finally:
        process.terminate()
        process.wait()


def _until(holds, what: str):
    """Ask until there is an answer, and return it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:g} s for {what}"
        time.sleep(0.05)
    return answer


@contextmanager
def firefox(folder: Path, environment: dict[str, str]):
    """Run a browser that keeps all it has in a folder; yield its page."""
    profile = folder / "profile"
    profile.mkdir()
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    process = subprocess.Popen(
        ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", profile],  # noqa: S607
        env=os.environ | environment | {"HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = profile / "MarionetteActivePort"
        number = int(_until(lambda: port.exists() and port.read_text(), "Firefox"))
        with (
            socket.create_connection(("127.0.0.1", number), PATIENCE_S) as connection,
            connection.makefile("rb") as answers,
        ):
            yield Page(connection, answers)
    finally:
        process.terminate()
        process.wait()


class Page:
    """The one page of a browser; a script is the body of a function, which may return."""

    def __init__(self, connection: socket.socket, answers: BinaryIO) -> None:
        self._connection, self._answers = connection, answers
        self._number = 0
        self._read()
        self._do("NewSession", capabilities={})
        self._do("SetTimeouts", script=1000 * PATIENCE_S)

    def _read(self) -> Any:
        length = b""
        while (digit := self._answers.read(1)) != b":":
            assert digit, "Firefox is gone"
            length += digit
        return json.loads(self._answers.read(int(length)))

    def _do(self, command: str, **values: Any) -> Any:
        self._number += 1
        asked = json.dumps([0, self._number, f"WebDriver:{command}", values]).encode()
        self._connection.sendall(b"%d:%s" % (len(asked), asked))
        _, number, error, answer = self._read()
        assert (number, error) == (self._number, None)
        return answer

    def go_to(self, url: str) -> None:
        """Open a page; returns when it is loaded."""
        self._do("Navigate", url=url)

    def reload(self) -> None:
        """Load the page again."""
        self._do("Refresh")

    def __call__(self, script: str) -> Any:
        """Run a script in the page."""
        return self._do("ExecuteScript", script=script, args=[], sandbox=None)["value"]

    def awaited(self, script: str) -> Any:
        """Run a script that calls `done` with its answer."""
        script = f"const done = arguments[0];\n{script}"
        return self._do("ExecuteAsyncScript", script=script, args=[], sandbox=None)["value"]

    def until(self, expression: str) -> Any:
        """Wait until an expression holds, and return its value."""
        return _until(lambda: self(f"return {expression}"), expression)

    def click(self, selector: str) -> None:
        """Click the first element that is found."""
        found = self._do("FindElement", using="css selector", value=selector)["value"]
        self._do("ElementClick", id=next(iter(found.values())))

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        self.hold(key)
        self.let_go(key)

    def hold(self, key: str) -> None:
        """Press a key, and keep it down."""
        self._act("keyDown", key)

    def let_go(self, key: str) -> None:
        """Let a key go that is down."""
        self._act("keyUp", key)

    def _act(self, kind: str, key: str) -> None:
        moved = {"type": "key", "id": "keys", "actions": [{"type": kind, "value": key}]}
        self._do("PerformActions", actions=[moved])
