"""The options of a new session, and the request that they make."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click

import playlist_builder as api
from playlist_builder.cli import options
from playlist_builder.cli.language import _
from playlist_builder.cli.library import existing_library_of
from playlist_builder.errors import SessionError

LONGEST_S = 24 * 3600.0  # where a profile has no limit


def _query_option(name: str, text: str) -> Callable[[Any], Any]:
    return click.option(
        f"--{name}", multiple=True, metavar="QUERY", help=f"{text} (see 'tracks'). Repeatable."
    )


def _session_name(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str:
    from playlist_builder.session_request import session_name

    return session_name(text) if text is not None else ""


name_option = click.option(
    "--name",
    "called",
    metavar="NAME",
    callback=_session_name,
    help="Call the session so; a name works wherever its number does.",
)

# Where an option is a field of `SessionRequest`, it has its name.
request_options = options.combined(
    click.option(
        "--music",
        multiple=True,
        type=options.ThereIs(),
        help="Scan this folder first, and use its tracks only. Repeatable.",
    ),
    options.outputs_option(options.PLAYLIST_FORMATS),
    name_option,
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
        "--curve",
        type=options.curve,
        metavar="MINUTE=LEVEL,...",
        default="",
        help="Draw the planned level: straight lines between points, such as 0=0.1,20=0.7,60=0.1.",
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
        "--min-length",
        type=options.tolerance,
        metavar="DURATION",
        help="Shortest track, such as 90s.",
    ),
    click.option(
        "--max-length",
        type=options.duration,
        metavar="DURATION",
        help="Longest track, such as 15m.",
    ),
    _query_option("include", "Only tracks that a tag query names"),
    _query_option("exclude", "No track that a tag query names"),
    _query_option("prefer", "Rather tracks that a tag query names"),
    click.option(
        "--avoid",
        multiple=True,
        type=options.ThereIs(dir_okay=False),
        help="No track of this playlist or session. Repeatable.",
    ),
    click.option(
        "--within",
        "within_s",
        type=options.days,
        metavar="DURATION",
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
    min_length: float | None = None,
    max_length: float | None = None,
    **fields: Any,
) -> "api.SessionRequest":
    """Return the request for a profile that the user named, with other fields of a request."""
    from playlist_builder.sessions.request import completed

    if within_s is not None and name is None:
        raise click.UsageError(_("--within goes with a name: give --for NAME too."))
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
    asked = completed(request, folders=options.profile_folders())
    return _with_lengths(asked, min_length, max_length)


def _with_lengths(
    request: "api.SessionRequest", shortest_s: float | None, longest_s: float | None
) -> "api.SessionRequest":
    """Return a request for tracks of some length; what is not said is that of the profile."""
    from playlist_builder.sessions.build import profile_of

    if shortest_s is None and longest_s is None:
        return request
    rules = profile_of(request, folders=options.profile_folders()).rules
    shortest_s = rules.track_min_s if shortest_s is None else shortest_s
    longest_s = min(rules.track_max_s, LONGEST_S) if longest_s is None else longest_s
    if shortest_s > longest_s:
        raise click.UsageError(
            _(
                "No track is longer than {shortest_s:g}s and shorter than {longest_s:g}s: see"
                " --min-length and --max-length."
            ).format(shortest_s=shortest_s, longest_s=longest_s)
        )
    return replace(request, track_minutes=(shortest_s / 60.0, longest_s / 60.0))


def stored_request(session: "api.Session", file: str, library: str | None) -> "api.SessionRequest":
    """Return the request that a session of that file keeps, with the library to use now."""
    if session.request is None:
        raise SessionError(
            "Session file {file!r} does not say how it was made: it is older, or by"
            " another program. Make it once more with 'playlist-builder build'",
            file=file,
        )
    return replace(session.request, library=existing_library_of(session, file, library))
