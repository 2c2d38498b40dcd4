"""Commands that make recordings of a session: render, preview."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from playlist_builder.cli.common import json_option, print_json, shown

if TYPE_CHECKING:
    from playlist_builder.recording.render import Recording, RenderProgress

LOUDNESS_LUFS = -18.0
CLOSE_LU = 0.05

F = TypeVar("F", bound=Callable[..., Any])


def _options(command: F) -> F:
    """Give a command what both take."""
    for option in (
        json_option,
        click.option(
            "--keep-endings",
            is_flag=True,
            default=None,
            help="No crossfade where a track ends hard, whatever the profile says.",
        ),
        click.option(
            "--crossfade",
            "crossfade_s",
            type=click.FloatRange(0.0, 60.0),
            metavar="SECONDS",
            help="Length of every crossfade; 0 is none. As the profile has it if not said.",
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
            "-o",
            "--output",
            required=True,
            type=click.Path(),
            metavar="FILE",
            help="Write .flac, .wav (each with a CUE sheet beside it), .mp3, .m4a or .opus.",
        ),
        click.argument("session", type=click.Path(exists=True, dir_okay=False)),
    ):
        command = option(command)
    return command


@click.command()
@_options
def render(session: str, output: str, *, as_json: bool, **settings: Any) -> None:
    """Write SESSION (.json) with its tail as one recording without gaps, a chapter per track.

    Neighbours overlap in crossfades of equal power, longer the calmer they are; silence at the
    edges of tracks is left out. Each track has one gain, by which no track is louder at its start
    than the profile allows after the one before. The true peak stays below -1 dBTP.
    """
    from playlist_builder.recording.render import render_session as rendered

    _record(rendered, session, output, as_json=as_json, **settings)


@click.command()
@_options
def preview(session: str, output: str, *, as_json: bool, **settings: Any) -> None:
    """Write the transitions of SESSION (.json) alone, with 15 seconds before and after each.

    They sound as they do in 'render' with the same options; each is a chapter.
    """
    from playlist_builder.recording.render import preview_session as previewed

    _record(previewed, session, output, as_json=as_json, **settings)


def _record(
    make: "Callable[..., Recording]", session: str, output: str, *, as_json: bool, **settings: Any
) -> None:
    from playlist_builder.playlists import session_json
    from playlist_builder.recording.mix import MixSettings
    from playlist_builder.text import clock

    asked = MixSettings(**settings)
    try:
        with _progress_bar() as progress:
            made = make(
                session_json.load_session(session), output, settings=asked, progress=progress
            )
    except KeyboardInterrupt:
        click.echo("Stopped. Nothing was written.", err=True)
        raise click.exceptions.Exit(1) from None
    if made.plan.loudness_lufs < asked.loudness_lufs - CLOSE_LU:
        told = f"{made.plan.loudness_lufs:.1f} LUFS instead of {asked.loudness_lufs:g}: the peaks"
        click.echo(f"{told} allow no more.", err=True)
    beside = f" and {made.cue_path}" if made.cue_path else ""
    click.echo(shown(f"Wrote {made.path}{beside}: {clock(made.duration_s)}"), err=True)
    if as_json:
        print_json(_document(made))


def _document(made: "Recording") -> dict[str, object]:
    from playlist_builder.recording.levels import FRAMES_PER_S

    return {
        "path": made.path,
        "cue": made.cue_path,
        "duration_s": made.duration_s,
        "loudness_lufs": round(made.plan.loudness_lufs, 2),
        "true_peak_dbtp": round(made.true_peak_dbtp, 2),
        "chapters": [
            {"title": each.title, "start_s": each.start_s, "end_s": each.end_s}
            for each in made.plan.chapters
        ],
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


@contextmanager
def _progress_bar() -> "Iterator[Callable[[RenderProgress], None] | None]":
    """Show activity and time left on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    with progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("measuring", total=None)
        yield lambda state: bar.update(
            task, description=state.activity, completed=state.done_s, total=state.total_s
        )


COMMANDS = (render, preview)
