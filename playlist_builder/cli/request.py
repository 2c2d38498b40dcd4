"""The options of a new session, and the request that they make."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click

import playlist_builder as api
from playlist_builder.cli import options
from playlist_builder.cli.library import existing_library_of
from playlist_builder.errors import SessionError


def _query_option(name: str, text: str) -> Callable[[Any], Any]:
    return click.option(
        f"--{name}", multiple=True, metavar="QUERY", help=f"{text} (see 'tracks'). Repeatable."
    )


# Where an option is a field of `SessionRequest`, it has its name.
request_options = options.combined(
    click.option(
        "--music",
        multiple=True,
        type=click.Path(exists=True),
        help="Scan this folder first, and use its tracks only. Repeatable.",
    ),
    options.outputs_option(options.PLAYLIST_FORMATS),
    click.option(
        "--duration", "duration_s", type=options.duration, help="Length, such as 60m or 1h30m."
    ),
    click.option(
        "--level",
        "levels",
        multiple=True,
        metavar="[PHASE=]LEVEL",
        help="Hold a phase, or all of the profile, at one level. Repeatable.",
    ),
    click.option(
        "--scale",
        type=click.Choice(["relative", "absolute"]),
        default="relative",
        show_default=True,
        help="Levels are percentiles of your library, or absolute.",
    ),
    options.vocals_option,
    click.option(
        "--track-minutes",
        nargs=2,
        type=options.NumberRange(min=0),
        metavar="MIN MAX",
        help="Shortest and longest track.",
    ),
    _query_option("include", "Only tracks that a tag query names"),
    _query_option("exclude", "No track that a tag query names"),
    _query_option("prefer", "Rather tracks that a tag query names"),
    click.option(
        "--avoid",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False),
        help="No track of this playlist or session. Repeatable.",
    ),
    click.option(
        "--within",
        "within_s",
        type=options.days,
        help="With a name: how long a track that it heard is not used again; 90d if not given.",
    ),
    click.option(
        "--tolerance",
        "tolerance_s",
        type=options.tolerance,
        metavar="DURATION",
        default="0.5m",
        show_default=True,
        help="How much longer or shorter it may be.",
    ),
    options.levelled_option,
    click.option(
        "--trim",
        "trim_s",
        type=options.trim,
        metavar="DURATION",
        default="0s",
        help="Up to so much, such as 60s, may be left out at either end of a track, at a quiet"
        " moment: for recordings, copies and VLC.",
    ),
    options.seed_option,
    options.build_options,
)


def request_of(
    profile: str,
    *,
    music: Sequence[str] = (),
    avoid: Sequence[str] = (),
    library: str | None = None,
    name: str | None = None,
    within_s: float | None = None,
    **fields: Any,
) -> "api.SessionRequest":
    """Return the request for a profile that the user named, with other fields of a request."""
    from playlist_builder.sessions.request import completed

    if within_s is not None and name is None:
        raise click.UsageError("--within goes with a name: give --for NAME too.")
    if name is None or within_s is not None:
        fields["within_s"] = within_s or 0.0
    request = api.SessionRequest(
        profile=profile,
        music=tuple(music),
        avoid=tuple(avoid),
        library=library,
        name=name,
        asked_at="" if name is None else options.now(),
        **fields,
    )
    return completed(request, folders=options.profile_folders())


def stored_request(session: "api.Session", file: str, library: str | None) -> "api.SessionRequest":
    """Return the request that a session of that file keeps, with the library to use now."""
    if session.request is None:
        raise SessionError(
            f"Session file {file!r} does not say how it was made: it is older, or by another"
            " program. Make it once more with 'playlist-builder build -o FILE.json'"
        )
    return replace(session.request, library=existing_library_of(session, file, library))
