"""A scan that the page began: in a thread and with a library of its own, so that nothing waits."""

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from playlist_builder import FileProgress, Library, RequestError, ScanReport, ScanSettings
from playlist_builder.desk.words import Words
from playlist_builder.errors import NotThereError, PlaylistBuilderError

Tell = Callable[[str, Mapping[str, Any]], None]
PATIENCE_S = 5.0  # with a file that takes long, when the desk is closed
TOLD = 5  # files that could not be used, by name; the others are counted


class Scan:
    """At most one scan at a time.

    `state` is what the page shows of it, or of the last one, as JSON. Every change is told as
    `scan`, from the thread of the scan; the last one has `is_over` set, and then the library has to
    be read again. A state with a lower `turn` is an older one, whichever arrives first.
    """

    def __init__(self, library: str, words: Words, tell: Tell) -> None:
        """Take the path of a library file, and who is told."""
        self.state: dict[str, Any] | None = None
        self._library = library
        self._words = words
        self._tell = tell
        self._stopping = threading.Event()
        self._turns = itertools.count(int(time.monotonic() * 1000))  # goes on after a restart
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether a scan goes on."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, folder: str, settings: ScanSettings | None = None) -> None:
        """Begin to scan a folder; raises RequestError for what is none, and where one goes on."""
        if self.is_running:
            raise RequestError("A scan goes on. Stop it first, or wait for its end.")
        path = _folder(folder)
        self._stopping.clear()
        self.state = {}
        self._show({"folder": str(path), "done": 0, "total": 0, "left_s": None, "is_over": False})
        self._thread = threading.Thread(
            target=self._run, args=(path, settings or ScanSettings()), name="desk-scan", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the scan once the file that is read now is kept, and wait a moment for that."""
        self._stopping.set()
        self.wait(PATIENCE_S)

    def wait(self, seconds: float) -> None:
        """Wait at most so long for its end."""
        if self._thread is not None:
            self._thread.join(seconds)

    def ask_to_stop(self) -> None:
        """Let the scan end, without waiting for it."""
        self._stopping.set()
        self._show({"is_stopping": self.is_running})

    def _run(self, folder: Path, settings: ScanSettings) -> None:
        error, report = "", None
        try:
            with Library.open(self._library) as opened:
                report = self._read(opened, folder, settings)
        except PlaylistBuilderError as failed:
            error = self._words.told(failed)
        over = {"is_over": True, "is_stopping": False, "left_s": None, "error": error}
        self._show(over | _counts(report, self._words))

    def _read(self, opened: Library, folder: Path, settings: ScanSettings) -> ScanReport | None:
        with closing(opened.scan_events(folder, settings=settings)) as events:
            for event in events:
                if isinstance(event, ScanReport):
                    return event
                self._show(_progress(event.progress))
                if self._stopping.is_set():
                    break
        return None

    def _show(self, changed: Mapping[str, Any]) -> None:
        with self._changing:
            self.state = {**(self.state or {}), **changed, "turn": next(self._turns)}
            self._tell("scan", self.state)


def _folder(text: str) -> Path:
    """Return a folder as it was typed, `~` being the user's own; RequestError if it is none."""
    if not text.strip() or "\0" in text:
        raise RequestError("Type the folder that holds your music, such as ~/Music.")
    path, is_folder = Path(text.strip()), False
    with suppress(OSError, RuntimeError):  # no such user, or a name that no file can have
        path = path.expanduser()
        is_folder = path.is_dir()
    if not path.is_absolute() and not text.strip().startswith("~"):
        raise RequestError("Type the whole path of the folder, from / or ~ on.")
    if not is_folder:
        raise NotThereError("There is no folder {path!r}. Is the drive connected?", path=str(path))
    return path


def _progress(read: FileProgress) -> dict[str, Any]:
    return {
        "done": read.done,
        "total": read.total,
        "left_s": read.left_s,
        "share": read.done_bytes / read.total_bytes if read.total_bytes else 0.0,
        "file": Path(read.path).name,
    }


def _counts(report: ScanReport | None, words: Words) -> dict[str, Any]:
    if report is None:
        return {}
    return {
        "new": report.analysed,
        "skipped": len(report.skipped),
        "unusable": [
            {"file": Path(each.path).name, "reason": words.spoken(each.reason)}
            for each in report.skipped[:TOLD]
        ],
    }
