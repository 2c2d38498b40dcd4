"""What the commands share: options, their types, and how things are shown on a terminal."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playlist_builder.text import printable

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from playlist_builder.library.library import Library, ScanReport
    from playlist_builder.models import FileProgress


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """Minutes, or a text such as 90m or 1h30m; converted to seconds."""

    name = "duration"

    def __init__(self, *, allow_zero: bool = False) -> None:
        self._zero = allow_zero

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        match = re.fullmatch(
            r"(?:(?P<h>\d+(?:\.\d+)?)h)?\s*(?:(?P<m>\d+(?:\.\d+)?)m?)?", str(value).strip()
        )
        seconds = 0.0
        if match:
            seconds = 3600 * float(match["h"] or 0) + 60 * float(match["m"] or 0)
        if not match or not str(value).strip() or (not seconds and not self._zero):
            self.fail(f"'{value}' is no duration. Give minutes or a text such as 90m or 1h30m.")
        return seconds


class Days(click.ParamType):  # type: ignore[type-arg]  # as above
    """Days, such as 90d or 90; converted to seconds."""

    name = "days"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        match = re.fullmatch(r"(\d{1,5}(?:\.\d+)?)d?", str(value).strip())
        if not match:
            self.fail(f"'{value}' is no time. Give days, such as 90d.")
        return 24 * 3600 * float(match[1])


def now() -> str:
    """Return the time of day and its offset, in ISO 8601."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


library_option = click.option(
    "--library",
    type=click.Path(dir_okay=False),
    envvar="PLAYLIST_BUILDER_LIBRARY",
    help="The library file, if not the one in your data folder.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@contextmanager
def open_library(path: str | None) -> "Iterator[Library]":
    """Open a library; tell what had to be brought back, and how much waits for a scan."""
    from playlist_builder.library.library import Library

    with Library.open(path) as library:
        if library.recovered:
            click.echo(shown(library.recovered), err=True)
        yield library


def tell_waiting(library: "Library") -> None:
    """Tell how many tracks a scan has yet to measure, if any."""
    if waiting := library.unanalysed_count:
        click.echo(f"{waiting} tracks wait to be measured again. Scan their folders.", err=True)


def scanned(  # noqa: PLR0913 - each is an option of scan
    library: "Library",
    folders: Sequence[str],
    *,
    jobs: int | None = None,
    executor: "Executor | None" = None,
    prune: bool = False,
    vocals: bool = True,
) -> "ScanReport":
    """Scan with a progress bar, and tell what came of it on standard error."""
    with progress_bar() as progress:
        report = library.scan(
            *folders, jobs=jobs, executor=executor, prune=prune, vocals=vocals, progress=progress
        )
    for skipped in report.skipped:
        click.echo(shown(f"skipped {skipped.path}: {skipped.reason}"), err=True)
    counts = {
        "analysed": report.analysed,
        "unchanged": report.unchanged,
        "moved": report.moved,
        "retagged": report.retagged,
        "copied": report.copied,
        "listened to": report.vocals_analysed,
        "missing": report.removed,
        "skipped": len(report.skipped),
    }
    if vocals and report.vocals_skipped:
        click.echo(shown(f"voices are not listened for: {report.vocals_skipped}"), err=True)
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    click.echo(f"{told or 'no tracks'} in {report.seconds:.1f} s", err=True)
    return report


@contextmanager
def progress_bar() -> "Iterator[Callable[[FileProgress], None] | None]":
    """Show a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    with progress.Progress(
        progress.TextColumn("{task.fields[done]}/{task.fields[files]} tracks"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, done=0, files="?", rate="")

        def update(state: "FileProgress") -> None:
            elapsed = bar.tasks[0].elapsed or 1e-9
            bar.update(
                task,
                completed=state.done_bytes,
                total=state.total_bytes,
                done=state.done,
                files=state.total,
                rate=f"{state.done / elapsed:.1f} tracks/s",
            )

        yield update


def profile_folders() -> list[Path]:
    """Where the user keeps profiles."""
    import platformdirs

    return [platformdirs.user_config_path("playlist-builder", appauthor=False) / "profiles"]


def print_json(document: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, indent=1))


def print_json_list(documents: Iterable[object]) -> None:
    """Print one JSON list, a document to a line, each as soon as it is made."""
    before = "["
    for document in documents:
        click.echo(f"{before}\n {json.dumps(document)}", nl=False)
        before = ","
    click.echo("\n]" if before == "," else "[]")


def width() -> int:
    """Columns of the terminal, within what tables and charts can use."""
    return min(300, max(20, shutil.get_terminal_size((100, 24)).columns))


def draws_unicode() -> bool:
    """Whether standard output can show more than ASCII."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def draws_colour() -> bool:
    """Whether standard output may be coloured: by the user's word, or else on a terminal.

    See https://no-color.org and https://force-color.org.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def drawn(text: str, *, err: bool = False) -> None:
    """Print a text of `text`, whose colours are kept."""
    parts = re.split(r"(\x1b\[[0-9;]+m)", text)
    kept = "".join(part if place % 2 else shown(part) for place, part in enumerate(parts))
    click.echo(kept, err=err, color=draws_colour() or None)


def shown(text: str) -> str:
    """Replace what the terminal cannot show or would obey, such as escapes in file names."""
    encoding = sys.stdout.encoding or "utf-8"
    plain = "\n".join(map(printable, text.split("\n")))
    return plain.encode(encoding, "replace").decode(encoding)
