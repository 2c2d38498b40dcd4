"""Commands that make recordings of a session: render, preview."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from playlist_builder.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Callable

    from playlist_builder.recording.render import Recording, RenderProgress

LOUDNESS_LUFS = -18.0
CLOSE_LU = 0.05
"""A recording that is quieter by more than this is reported."""

_options = options.combined(
    options.session_argument,
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
        type=click.FloatRange(-40.0, -5.0),
        metavar="LUFS",
        default=LOUDNESS_LUFS,
        show_default=True,
        help="Loudness of the whole; less where the peaks would not fit.",
    ),
    click.option(
        "--crossfade",
        "crossfade_s",
        type=click.FloatRange(0.0, 60.0),
        metavar="SECONDS",
        help="Length of every crossfade; 0 is none. As the profile has it if not said.",
    ),
    click.option(
        "--keep-endings",
        is_flag=True,
        default=None,
        help="No crossfade where a track ends hard, whatever the profile says.",
    ),
    options.json_option,
)


@click.command()
@_options
def render(session: str, file: str, *, as_json: bool, **settings: Any) -> None:
    """Write SESSION (.json) with its tail as one recording without gaps, a chapter per track.

    Neighbours overlap in crossfades of equal power, longer the calmer they are; silence at the
    edges of tracks is left out. Each track has one gain, by which no track is louder at its start
    than the profile allows after the one before. The true peak stays below -1 dBTP.
    """
    from playlist_builder.recording.render import render_session

    _record(render_session, session, file, as_json=as_json, **settings)


@click.command()
@_options
def preview(session: str, file: str, *, as_json: bool, **settings: Any) -> None:
    """Write the transitions of SESSION (.json) alone, with 15 seconds before and after each.

    They sound as they do in 'render' with the same options; each is a chapter.
    """
    from playlist_builder.recording.render import preview_session

    _record(preview_session, session, file, as_json=as_json, **settings)


def _record(
    record: "Callable[..., Recording]", session: str, file: str, *, as_json: bool, **settings: Any
) -> None:
    from playlist_builder.playlists.session_json import load_session
    from playlist_builder.recording.mix import MixSettings
    from playlist_builder.text import clock

    mix = MixSettings(**settings)
    try:
        with output.progress_bar(_music_done) as progress:
            made = record(load_session(session), file, settings=mix, progress=progress)
    except KeyboardInterrupt:
        output.print_message("Stopped. Nothing was written.")
        raise click.exceptions.Exit(1) from None
    if made.plan.loudness_lufs < mix.loudness_lufs - CLOSE_LU:
        loudness = f"{made.plan.loudness_lufs:.1f} LUFS instead of {mix.loudness_lufs:g}"
        output.print_message(f"{loudness}: the peaks allow no more.")
    cue = f" and {made.cue_path}" if made.cue_path else ""
    output.print_message(f"Wrote {made.path}{cue}: {clock(made.duration_s)}")
    if as_json:
        output.print_json(_document(made))


def _music_done(state: "RenderProgress", _elapsed_s: float) -> tuple[str, float, float, str]:
    """Return how far a recording is, for `output.progress_bar`."""
    share = state.done_s / state.total_s if state.total_s else 0.0
    return state.activity, state.done_s, state.total_s, f"{share:.0%}"


def _document(made: "Recording") -> dict[str, object]:
    from playlist_builder.recording.levels import FRAMES_PER_S

    return {
        "path": made.path,
        "cue": made.cue_path,
        "duration_s": made.duration_s,
        "loudness_lufs": round(made.plan.loudness_lufs, 2),
        "true_peak_dbtp": round(made.true_peak_dbtp, 2),
        "chapters": [asdict(each) for each in made.plan.chapters],
        "pieces": [
            {
                "path": each.path,
                "start_s": each.at / FRAMES_PER_S,
                "end_s": each.end / FRAMES_PER_S,
                "from_s": each.first / FRAMES_PER_S,
                "fade_in_s": each.fade_in / FRAMES_PER_S,
                "fade_out_s": each.fade_out / FRAMES_PER_S,
                "gain_db": round(each.gain_db, 2),
            }
            for each in made.plan.clips
        ],
    }


COMMANDS = (render, preview)
