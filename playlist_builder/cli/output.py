"""What commands print, and files that they write: text fit for the terminal, JSON, progress.

Standard output is the product, standard error the conversation.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

import playlist_builder as api
from playlist_builder.cli.language import _, language, ngettext, told
from playlist_builder.language.text import printable

if TYPE_CHECKING:
    from playlist_builder.language.notices import Notice

ALL_NOTES = "playlist_builder.all_notes"  # in the context of a command that has the option for it
AT_ONCE = 256  # lines that are written together: each alone would cost as much as making it
INTERRUPTED = 130  # exit code of a command that Ctrl-C stopped, as shells have it
MOST_STEPS = 5  # of loudness, that are told one by one

S = TypeVar("S")


def print_text(text: str, *, err: bool = False) -> None:
    """Print a text, also one that holds names of files and tags."""
    click.echo(displayable(text), err=err)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines that hold names of files and tags, as soon as there are some."""
    left = iter(lines)
    while some := list(islice(left, AT_ONCE)):
        click.echo(displayable("\n".join(some)))


def print_message(text: str) -> None:
    """Print a text on standard error."""
    print_text(text, err=True)


def print_drawing(text: str, *, err: bool = False) -> None:
    """Print a text of `report`, whose colours are kept."""
    parts = re.split(r"(\x1b\[[0-9;]+m)", text)
    kept = "".join(part if place % 2 else displayable(part) for place, part in enumerate(parts))
    click.echo(kept, err=err, color=draws_colour() or None)


def displayable(text: str) -> str:
    """Return a text without what the terminal cannot show or would obey, as in file names."""
    encoding = sys.stdout.encoding or "utf-8"
    plain = "\n".join(map(printable, text.split("\n")))
    return plain.encode(encoding, "replace").decode(encoding)


def print_json(document: object) -> None:
    """Print one JSON document, in which dataclasses are objects."""
    click.echo(json.dumps(document, indent=1, default=asdict))


def print_json_list(documents: Iterable[object]) -> None:
    """Print one JSON list, a document to a line, as soon as some are made."""
    before, left = "[", map(json.dumps, documents)
    while some := list(islice(left, AT_ONCE)):
        click.echo(f"{before}\n " + ",\n ".join(some), nl=False)
        before = ","
    click.echo("\n]" if before == "," else "[]")


def print_session(session: "api.Session", *, again: str = "", err: bool = False) -> None:
    """Print a session with its chart, and all that is noted where the command was asked for it.

    `again` is the command that shows it again, empty for a session that is not kept.
    """
    from playlist_builder.report.text import session_text

    style = chart_style() | {"colour": draws_colour() and not err}
    wants_all = click.get_current_context().meta.get(ALL_NOTES)
    rest_at = f"{again} --notes" if again else _("the same command with --notes")
    text = session_text(session, **style, language=language(), rest_at="" if wants_all else rest_at)
    print_drawing(text, err=err)


def warn_missing_files(session: "api.Session", file: str) -> None:
    """Print how many tracks of a session of that file do not exist, if any."""
    paths = [slot.path for slot in (*session.slots, *session.tail)]
    if missing := [path for path in paths if not os.path.isfile(path)]:
        print_message(
            _(
                "{count} of {total} files are not there, such as {path!r}. See"
                " 'playlist-builder check {file}'."
            ).format(count=len(missing), total=len(paths), path=missing[0], file=file)
        )


def tell_steps(session: "api.Session", *, levelled: bool) -> None:
    """Print what steps of loudness are heard where the files play without gains, if any.

    A `levelled` player makes all tracks equally loud.
    """
    from playlist_builder.arranger.steps import heard
    from playlist_builder.report import summary

    limit_lu = summary.rules(session).loudness_step_lu
    steps = heard(summary.whole(session), limit_lu, levelled=levelled)
    tell_heard(steps)
    if steps:
        print_message(_("'copy --levelled' and 'render' even that out."))


def tell_heard(steps: "Sequence[Notice]") -> None:
    """Print steps of loudness that are heard, the largest of them one by one."""
    sizes = [float(str(dict(step.parameters)["step_lu"])) for step in steps]
    largest = sorted(range(len(steps)), key=lambda place: -sizes[place])[:MOST_STEPS]
    for step in (steps[place] for place in sorted(largest)):
        print_message(_("heard as it is: {step}").format(step=told(step)))
    if (more := len(steps) - MOST_STEPS) > 0:
        text = ngettext(
            "heard as it is: {count} more step of loudness",
            "heard as it is: {count} more steps of loudness",
            more,
        )
        print_message(text.format(count=more))


def tell_held_down(known: "Notice | None") -> None:
    """Print which tracks keep all of a session soft by their peaks, if any."""
    if known is not None:
        print_message(_("{sentence}.").format(sentence=told(known)))


def tell_silences(session: "api.Session") -> None:
    """Print that planned silences are not heard by a playlist or a server, if there are any."""
    from playlist_builder.language.notices import notice

    if session.silences:
        lasts_s = sum(each.duration_s for each in session.silences)
        known = notice("planned_silences", count=len(session.silences), lasts_s=lasts_s)
        print_message(_("{sentence}.").format(sentence=told(known)))


def write_files(files: Iterable[tuple[str, bytes]]) -> None:
    """Write each path with its content, `-` on standard output."""
    from playlist_builder.playlists.write import write_bytes

    for path, data in files:
        if path == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
        else:
            write_bytes(path, data)
            print_message(_("Wrote {path}").format(path=path))


def folder_of(path: str) -> str:
    """Return the folder that an output lies in, for `-` the working folder."""
    return os.getcwd() if path == "-" else os.path.dirname(os.path.abspath(path))


def short_path(path: str) -> str:
    """Return a path as it is short to read: from the working folder, where it lies in that."""
    return path.removeprefix(os.path.join(os.getcwd(), ""))


def width() -> int:
    """Return the columns of the terminal, within what tables and charts can use."""
    return min(300, max(20, shutil.get_terminal_size((100, 24)).columns))


def chart_style() -> dict[str, Any]:
    """Return how a chart is drawn on standard output."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return {"width": width(), "ascii_only": encoding != "utf8", "colour": draws_colour()}


def draws_colour() -> bool:
    """Whether standard output may be coloured: as the user says, or else on a terminal.

    See https://no-color.org and https://force-color.org.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def progress_bar(
    describe: Callable[[S, float], tuple[str, float, float, str]], *, tells_time: bool = False
) -> "Iterator[Callable[[S], None] | None]":
    """Show a bar on a terminal, and nothing elsewhere; yields what takes each new state.

    `describe` returns of a state, after some seconds: what is done as text, as an amount, the
    whole amount, and a rate or share as text, which `tells_time` if it holds the time left.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    with progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        *([] if tells_time else [progress.TimeRemainingColumn()]),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, rate="")

        def update(state: S) -> None:
            text, done, total, rate = describe(state, bar.tasks[0].elapsed or 1e-9)
            bar.update(task, description=text, completed=done, total=total, rate=rate)

        yield update


def can_ask() -> bool:
    """Whether there is somebody at a terminal who can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(prompt: str) -> str:
    """Return the line that the user types, without spaces around it; q at the end of the input."""
    click.echo(prompt, err=True, nl=False)
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        return "?"
    return line.strip() if line else "q"


@contextmanager
def heeding_interrupts() -> Iterator[None]:
    """Let Ctrl-C at a question of click be what it is elsewhere."""
    try:
        yield
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise


def confirm_forgetting(question: str) -> None:
    """Ask whether something is to be forgotten; end the command where it is not."""
    try:
        with heeding_interrupts():
            sure = click.confirm(question, err=True)
    except click.Abort:  # the end of the input, as in a script
        raise click.UsageError(_("Nobody answered. Give --yes to forget without asking.")) from None
    if not sure:
        print_message(_("Nothing was forgotten."))
        raise click.exceptions.Exit(1)


def counted(counts: "Mapping[Any, int]") -> str:
    """Return the counts of states that are not 0, such as `3 copied, 1 kept`."""
    text = _("{count} {state}")
    texts = (text.format(count=count, state=state) for state, count in counts.items() if count)
    return _(", ").join(texts)


def print_skipped(skipped: "Sequence[Any]") -> None:
    """Print the files that were skipped and why."""
    for each in skipped:
        print_message(
            _("skipped {path}: {reason}").format(path=each.path, reason=told(each.reason))
        )
