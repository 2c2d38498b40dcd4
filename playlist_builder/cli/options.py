"""Options that several commands share, and readers of the values that users type.

A reader is a function from text to a value that raises `click.BadParameter`; click takes the name
of the value in `--help` from it.
"""

import math
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from playlist_builder.cli.language import _, told
from playlist_builder.cli.output import ALL_NOTES
from playlist_builder.errors import NotThereError, RequestError
from playlist_builder.files.path_map import PathMap
from playlist_builder.language.durations import NUMBER, seconds_of
from playlist_builder.playlists.dialects import is_codepage

F = TypeVar("F", bound=Callable[..., Any])

LOUDNESS_LUFS = -18.0  # of recordings and levelled copies
CLOSE_LU = 0.05  # what is quieter by more is reported
MOST_TRIM_S, MOST_CROSSFADE_S = 600.0, 60.0
LIBRARY_VARIABLE = "PLAYLIST_BUILDER_LIBRARY"  # of the environment


class NumberRange(click.FloatRange):
    """A number within a range, which "nan" is not."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number; raises `click.BadParameter`."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            known = _("{value} is not in the range {range}.")
            self.fail(known.format(value=value, range=self._describe_range()), param, ctx)
        return number


class ThereIs(click.Path):
    """A path that is there; else the command is understood, and cannot be done."""

    def __init__(self, *, dir_okay: bool = True) -> None:
        """With `dir_okay` also that of a folder."""
        super().__init__(dir_okay=dir_okay)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; raises NotThereError, or `click.BadParameter` for a folder."""
        if not os.path.exists(value):
            if self.dir_okay:
                raise NotThereError("There is no file or folder {path!r}.", path=value)
            raise NotThereError("There is no file {path!r}.", path=value)
        return super().convert(value, param, ctx)


def duration(text: str, *, bare: str = "m", allow_zero: bool = False) -> float:
    """Return the seconds of a text such as 90s, 45m, 1h30m or 1:30:00.

    A number alone is in the `bare` unit, minutes if not said.
    """
    seconds = seconds_of(text.strip(), bare)
    if seconds is None or not math.isfinite(seconds) or (not seconds and not allow_zero):
        if re.fullmatch(r"\d+:[0-5]\d", text.strip()):
            raise click.BadParameter(
                _(
                    "'{text}' may be minutes or hours. Give a text such as 1m30s, 1h30m or 1:30:00."
                ).format(text=text)
            )
        raise click.BadParameter(
            _("'{text}' is no duration. Give {example}.").format(text=text, example=_example(bare))
        )
    return seconds


def _example(bare: str) -> str:
    """Return what to give where a number alone is in the `bare` unit."""
    return {
        "d": _("days, such as 90d"),
        "m": _("one such as 90s, 45m, 1h30m or 1:30:00"),
        "s": _("seconds, such as 6s"),
    }[bare]


def tolerance(text: str) -> float:
    """Return the seconds of a duration that may be 0."""
    return duration(text, allow_zero=True)


def trim(text: str) -> float:
    """Return the seconds that may be left out at either end of a track, 10 minutes at most."""
    seconds = tolerance(text)
    if seconds > MOST_TRIM_S:
        raise click.BadParameter(
            _("'{text}' is too much. Leave out 10m at most, such as 60s.").format(text=text)
        )
    return seconds


def days(text: str) -> float:
    """Return the seconds of a duration of which a number alone is days, such as 90d or 90."""
    return duration(text, bare="d", allow_zero=True)


def crossfade(text: str) -> float:
    """Return the seconds of a crossfade, 60s at most; a number alone is seconds."""
    seconds = duration(text, bare="s", allow_zero=True)
    if seconds > MOST_CROSSFADE_S:
        raise click.BadParameter(
            _("'{text}' is too much. Give 60s at most, such as 6s.").format(text=text)
        )
    return seconds


def gap(text: str) -> float:
    """Return the seconds of a pause, 60s at most; a number alone is seconds."""
    seconds = duration(text, bare="s", allow_zero=True)
    if seconds > MOST_CROSSFADE_S:
        raise click.BadParameter(
            _("'{text}' is too much. Give 60s at most, such as 2s.").format(text=text)
        )
    return seconds


def session_time(text: str) -> float:
    """Return the seconds of a time of a session, such as 32:10, 1:02:10 or 32m10s."""
    match = re.fullmatch(r"(?:(\d{1,4}):)?(\d{1,4}):([0-5]\d)", text.strip())
    if match is not None and not (match[1] and int(match[2]) > 59):  # noqa: PLR2004 - minutes of an hour
        return 3600.0 * int(match[1] or 0) + 60.0 * int(match[2]) + int(match[3])
    is_number = re.fullmatch(NUMBER, text.strip())
    seconds = None if match or is_number else seconds_of(text.strip(), "m")
    if seconds is None:
        raise click.BadParameter(
            _("'{text}' is no time of a session. Give one such as 32:10 or 1:02:10.").format(
                text=text
            )
        )
    return seconds


def curve(text: str) -> tuple[tuple[float, float], ...]:
    """Return the points of a curve, (seconds, level), such as 0=0.1,20=0.7: minutes, or 20:30."""
    points = []
    for part in filter(None, text.split(",")):
        time, _sign, level = part.strip().partition("=")
        if not re.fullmatch(NUMBER, level.strip()):
            raise _no_curve(text)
        is_number = re.fullmatch(NUMBER, time.strip())
        try:
            time_s = 60.0 * float(time) if is_number else session_time(time)
        except click.BadParameter as error:
            raise _no_curve(text) from error
        points.append((time_s, float(level)))
    return tuple(points)


def _no_curve(text: str) -> click.BadParameter:
    return click.BadParameter(
        _("'{text}' is no curve. Give minutes and levels from 0 to 1, such as {example}.").format(
            text=text, example="0=0.1,20=0.7,45:30=0.2"
        )
    )


def codepage(text: str) -> str:
    """Return the name of a codepage that Python knows and in which M3U can be written."""
    if not is_codepage(text):
        raise click.BadParameter(
            _("'{text}' is no codepage. Give one such as cp1252, shift_jis or utf-8.").format(
                text=text
            )
        )
    return text


def now(timespec: str = "seconds") -> str:
    """Return the time of day and its offset, in ISO 8601."""
    return datetime.now().astimezone().isoformat(timespec=timespec)


def profile_folders() -> list[Path]:
    """Return the folders in which the user keeps profiles."""
    import platformdirs

    return [platformdirs.user_config_path("playlist-builder", appauthor=False) / "profiles"]


def combined(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Return one decorator for several arguments and options, in the order of `--help`."""

    def decorate(command: F) -> F:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _library_option(text: str) -> Callable[[F], F]:
    return click.option(
        "--library",
        type=click.Path(dir_okay=False),
        envvar=LIBRARY_VARIABLE,
        callback=lambda _, __, path: path and os.path.expanduser(path),
        help=text,
    )


def plain_path(path: str) -> str:
    """Return a path without `..`, which is read as the system reads it behind a link."""
    if os.pardir not in path.replace(os.altsep or os.sep, os.sep).split(os.sep):
        return path
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name) if name != os.pardir else path


def outputs_option(text: str, *, required: bool = False) -> Callable[[F], F]:
    """Return the option for files to write."""
    return click.option(
        *("-o", "--output", "outputs"),
        multiple=True,
        required=required,
        metavar="FILE",
        callback=lambda _, __, paths: tuple(map(plain_path, paths)),
        help=f"{text} Repeatable.",
    )


def note_option(text: str, default: str | None = None) -> Callable[[F], F]:
    """Return the option for a note, which is one line of plain text."""

    def note(value: str) -> str:
        if not value.isprintable():
            raise click.BadParameter(_("a note is plain text on one line."))
        return value

    return click.option("--note", type=note, metavar="TEXT", default=default, help=text)


def maps_option(text: str, *, absolute: bool = False) -> Callable[[F], F]:
    """Return the option for folders that have another path elsewhere; `absolute` is of TO."""

    def path_map(value: str) -> PathMap:
        try:
            return PathMap.parse(value, absolute=absolute)
        except RequestError as error:
            raise click.BadParameter(told(error)) from error

    return click.option(
        *("--map", "maps"), type=path_map, multiple=True, metavar="FROM=TO", help=text
    )


PLAYLIST_FORMATS = (
    "Write .m3u8, .m3u, .pls, .xspf, .jspf, .csv or .json; - is .m3u8 on standard output."
)

library_option = _library_option("The library file, if not the one in your data folder.")
session_library_option = _library_option(
    "The library file of the session, if not the one in your data folder."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
common_options = combined(library_option, json_option)
session_options = combined(session_library_option, json_option)
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes; as many as cores if not given."
)
notes_option = click.option(
    "--notes",
    is_flag=True,
    expose_value=False,
    callback=lambda context, _, wanted: context.meta.update({ALL_NOTES: wanted}),
    help="Say all that is known of the session, not the three things that matter most.",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the session and write nothing.")
levelled_option = click.option(
    "--levelled",
    is_flag=True,
    help="For players that make all tracks equally loud, as by ReplayGain.",
)
times_options = combined(
    click.option(
        "--gap",
        "gap_s",
        type=gap,
        metavar="DURATION",
        help="Silence that the player leaves between tracks, such as 2s.",
    ),
    click.option(
        "--crossfade",
        "crossfade_s",
        type=crossfade,
        metavar="DURATION",
        help="Crossfade between all tracks that the player is set to, such as 5s.",
    ),
)
build_options = combined(notes_option, dry_run_option, common_options)


def one_session(
    _ctx: click.Context, _parameter: click.Parameter, words: Sequence[str]
) -> str | None:
    """Return the one word of a session, None where it is left out."""
    if len(words) > 1:
        given = _(" and ").join(map(repr, words))
        raise click.UsageError(
            _("Give one session, not {given}.{hint}").format(given=given, hint=_hint(_ctx, words))
        )
    return words[0] if words else None


def _hint(ctx: click.Context, words: Sequence[str]) -> str:
    """Return how to write to a file, where a command was given one as a second session."""
    writes = any("-o" in each.opts for each in ctx.command.params)
    if len(words) != 2 or not writes or not os.path.splitext(words[1])[1]:  # noqa: PLR2004 - both
        return ""
    command = f"{ctx.info_name} {words[0]} -o {words[1]}"
    return _(" To write a file: {command}").format(command=command)


def track_word(text: str) -> str:
    """Return what names a track; a session is none, and stands before it."""
    if text.lower().endswith((".json", ".m3u8", ".m3u", ".pls", ".xspf", ".jspf", ".csv")):
        raise click.BadParameter(
            _(
                "'{text}' is a session. Say which track as well: its number, its title or its path."
            ).format(text=text)
        )
    return text


# Of the words of a command those behind it are all there, so that it can be left out before them.
session_argument = click.argument(
    "session", nargs=-1, metavar="[SESSION]", type=click.Path(), callback=one_session
)
playlist_argument = click.argument("playlist", type=ThereIs(dir_okay=False))
profile_argument = click.argument("profile", default="arc")
vocals_option = click.option(
    "--vocals",
    type=click.Choice(["exclude", "strict", "allow-wordless", "allow"]),
    help="exclude: no sung or spoken track; strict: only those known to have no voice.",
)
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="Other seed, other session."
)
explain_option = click.option(
    "--explain", is_flag=True, help="Say for each slot why it is there, and what the runner-up was."
)
short_option = click.option(
    "--allow-short", is_flag=True, help="Make a shorter session if there is too little."
)
