"""Commands that make recordings of a session: render, preview."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, language, told
from playlist_builder.cli.library import library_of, protect_music
from playlist_builder.cli.main import main
from playlist_builder.cli.session import OpenedSession, open_session, warn_banned
from playlist_builder.cli.written import hinting, remember_made
from playlist_builder.errors import LibraryError, RequestError
from playlist_builder.language.text import clock

if TYPE_CHECKING:
    from playlist_builder.recording.render import RenderProgress

_options = options.combined(
    click.option(
        "-o",
        "--output",
        "file",
        required=True,
        type=click.Path(),
        metavar="FILE",
        help="Write .flac, .wav (each with a CUE sheet beside it), .mp3, .m4a or .opus.",
    ),
    click.option(
        "--loudness",
        "loudness_lufs",
        type=options.NumberRange(-40.0, -5.0),
        metavar="LUFS",
        default=options.LOUDNESS_LUFS,
        show_default=True,
        help="Loudness of the whole; less where the peaks would not fit.",
    ),
    click.option(
        "--crossfade",
        "crossfade_s",
        type=options.crossfade,
        metavar="DURATION",
        help="Length of every crossfade, such as 6s; 0 is none. As in the profile if not given.",
    ),
    click.option(
        "--keep-endings",
        is_flag=True,
        default=None,
        help="No crossfade where a track ends hard, whatever the profile says.",
    ),
    click.option(
        "--no-riding",
        "riding",
        flag_value=False,
        default=True,
        help="One gain per track, whatever startles within.",
    ),
    options.session_options,
)


@main.command()
@options.session_argument
@_options
def render(
    session: str | None, file: str, library: str | None, *, as_json: bool, **settings: Any
) -> None:
    """Write SESSION with its tail as one recording without gaps, a chapter per track.

    Neighbours overlap in crossfades of equal power, longer the calmer they are; silence at the
    edges of tracks is left out. Each track is as loud as the plan has it, 4 LU louder at the peak
    than where it is calm, and no louder at its start than the profile allows after the one before:
    there its gain climbs slowly, as it does where a calm track would startle. The true peak stays
    below -1 dBTP. A report beside it, such as evening.flac.html, tells its times.
    """
    given = open_session(session, library)
    made = _record(api.render_session, given, file, (f"{file}.html",), **settings)
    page, problem = _write_page(given.session, made)
    output.print_message(
        told(problem) or _("Wrote {page}, a report of its times").format(page=page)
    )
    if as_json:
        output.print_json(_document(made) | {"report": None if problem else page})
    remember_made(given, file, "render")


@main.command()
@click.argument("words", nargs=-1, metavar="[SESSION [TRACK]...]", type=click.Path())
@_options
def preview(
    words: Sequence[str], file: str, library: str | None, *, as_json: bool, **settings: Any
) -> None:
    """Write the transitions of SESSION alone, with 15 seconds before and after each.

    They sound as they do in 'render' with the same options; each is a chapter. With TRACKs only
    those that lead into them: 'preview evening 3 4' is what is heard of a new number 3.
    """
    from playlist_builder.sessions.track_words import number_of

    try:
        given = open_session(words[0] if words else None, library)
    except LibraryError as error:
        if len(words) == 1 and not words[0].isdecimal():
            raise
        raise LibraryError(
            "{error} A TRACK stands behind its session: preview SESSION TRACK.", error=error
        ) from error
    joins = [number_of(given.session, word, with_tail=True) for word in words[1:]]
    if 1 in joins:
        raise RequestError("Number 1 begins the session, so that no transition leads into it.")
    record = partial(api.preview_session, joins=joins)
    made = _record(record, given, file, (), **settings)
    if as_json:
        output.print_json(_document(made))
    remember_made(given, file, "preview")


def _record(
    record: "Callable[..., api.Recording]",
    given: OpenedSession,
    file: str,
    beside: Sequence[str],
    **settings: Any,
) -> "api.Recording":
    """Return a new recording; `beside` are files that are to lie beside it and its CUE sheet."""
    mix = api.MixSettings(**settings)
    warn_banned(given, given.session)
    cue = f"{os.path.splitext(file)[0]}.cue"
    protect_music((file, cue, *beside), library_of(given.session, None))
    try:
        with hinting(file, "render"), output.progress_bar(_music_done) as progress:
            made = record(given.session, file, settings=mix, progress=progress or _told_once())
    except KeyboardInterrupt:
        output.print_message(_("Stopped. Nothing was written."))
        raise click.exceptions.Exit(output.INTERRUPTED) from None
    if made.plan.loudness_lufs < mix.loudness_lufs - options.CLOSE_LU:
        output.print_message(
            _("{got:.1f} LUFS instead of {wanted:g}: the peaks allow no more.").format(
                got=made.plan.loudness_lufs, wanted=mix.loudness_lufs
            )
        )
    output.tell_held_down(made.plan.held_down)
    with_cue = _(" and {path}").format(path=made.cue_path) if made.cue_path else ""
    output.print_message(
        _("Wrote {path}{cue}: {length}").format(
            path=made.path, cue=with_cue, length=clock(made.duration_s)
        )
    )
    if made.cue_error:
        output.print_message(told(made.cue_error))
    return made


def _write_page(session: "api.Session", made: "api.Recording") -> tuple[str, str]:
    """Write the report of a recording beside it; return its path, and why it could not be."""
    from playlist_builder.files.companion import marked, write_beside
    from playlist_builder.recording.rendered import rendered_session
    from playlist_builder.report.write import rendered

    path = f"{made.path}.html"
    today = datetime.now().astimezone().date()
    whole = rendered_session(session, made.plan)
    data = rendered(whole, ".html", folder=output.folder_of(path), language=language(), today=today)
    if not data.endswith(b"\n"):
        data += b"\n"
    return path, write_beside(path, marked(data, "<!--", " -->"))


def _told_once() -> "Callable[[RenderProgress], None]":
    """Return what prints one line once music is read, for where no bar is shown."""
    told = iter([_("Measuring and mixing, which takes a while ...")])

    def tell(_state: "RenderProgress") -> None:
        for line in told:
            output.print_message(line)

    return tell


def _music_done(state: "RenderProgress", _elapsed_s: float) -> tuple[str, float, float, str]:
    share = state.done_s / state.total_s if state.total_s else 0.0
    return told(state.activity), state.done_s, state.total_s, f"{share:.0%}"


def _document(made: "api.Recording") -> dict[str, object]:
    from playlist_builder.recording.levels import FRAMES_PER_S

    return {
        "path": made.path,
        "cue": made.cue_path,
        "duration_s": made.duration_s,
        "loudness_lufs": round(made.plan.loudness_lufs, 2),
        "true_peak_dbtp": round(made.true_peak_dbtp, 2),
        "chapters": made.plan.chapters,
        "pieces": [
            {
                "path": each.path,
                "start_s": each.at / FRAMES_PER_S,
                "end_s": each.end / FRAMES_PER_S,
                "from_s": each.first / FRAMES_PER_S,
                "fade_in_s": each.fade_in / FRAMES_PER_S,
                "fade_out_s": each.fade_out / FRAMES_PER_S,
                "gain_db": round(each.gain_db, 2),
                "moves_db": [round(float(db), 2) for db in each.moves_db],
            }
            for each in made.plan.clips
        ],
    }
