"""The command that brings the library up to date: scan."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, ngettext, pgettext, told
from playlist_builder.cli.library import open_library
from playlist_builder.cli.main import main
from playlist_builder.errors import ClusterError
from playlist_builder.language.text import clock

if TYPE_CHECKING:
    from playlist_builder.library.scan.dask_cluster import Cluster
    from playlist_builder.models import FileProgress


@main.command()
@click.argument("folders", nargs=-1, required=True, type=options.ThereIs())
@options.jobs_option
@click.option("--scheduler", metavar="URL", help="Decode on the workers of a dask scheduler.")
@click.option("--prune", is_flag=True, help="Forget files that have vanished.")
@click.option("--no-vocals", is_flag=True, help="Do not listen for voices.")
@click.option("--no-embedding", is_flag=True, help="Do without style and tension; it is faster.")
@options.common_options
def scan(
    folders: Sequence[str],
    jobs: int | None,
    scheduler: str | None,
    library: str | None,
    *,
    prune: bool,
    no_vocals: bool,
    no_embedding: bool,
    as_json: bool,
) -> None:
    """Bring the library up to date with FOLDERS; only new music is decoded.

    With --scheduler, such as tcp://host:8786, the workers of that scheduler decode. They must see
    FOLDERS under the same paths, and have the same version of playlist-builder.
    """
    with open_library(library, create=True) as opened, _cluster(scheduler, folders) as cluster:
        report = scan_folders(
            opened,
            folders,
            jobs=cluster.jobs if cluster else jobs,
            executor=cluster,
            prune=prune,
            vocals=not no_vocals,
            embedding=not no_embedding,
        )
    if as_json:
        output.print_json(replace(report, seconds=round(report.seconds, 3)))


def scan_folders(
    library: "api.Library",
    folders: Sequence[str],
    *,
    vocals: bool = True,
    embedding: bool = True,
    **settings: Any,
) -> "api.ScanReport":
    """Scan with a progress bar and settings of a scan, and print a summary on standard error."""
    with output.progress_bar(tracks_done, tells_time=True) as progress:
        report = library.scan(
            *folders, vocals=vocals, embedding=embedding, progress=progress, **settings
        )
    output.print_skipped(report.skipped)
    for path, tracks in report.albums.items():
        output.print_message(
            _(
                "{path}: an album of {tracks} tracks in one file, by its CUE sheet. It counts"
                " as one track; split it to use its tracks."
            ).format(path=path, tracks=tracks)
        )
    if vocals and report.vocals_skipped:
        output.print_message(
            _("voices are not listened for: {reason}").format(reason=told(report.vocals_skipped))
        )
    if embedding and report.embedding_skipped:
        output.print_message(
            _("style and tension stay unknown: {reason}").format(
                reason=told(report.embedding_skipped)
            )
        )
    if report.analysed or report.vocals_analysed:
        _tell_voices(library, folders)
    counts = {
        _("analysed"): report.analysed,
        _("unchanged"): report.unchanged,
        _("moved"): report.moved,
        _("retagged"): report.retagged,
        _("copied"): report.copied,
        _("listened to"): report.vocals_analysed,
        _("embedded"): report.embeddings_analysed,
        _("missing"): report.removed,
        _("skipped"): len(report.skipped),
    }
    output.print_message(
        _("{counts} in {seconds:.1f} s").format(
            counts=output.counted(counts) or _("no tracks"), seconds=report.seconds
        )
    )
    if not any(counts.values()):
        output.print_message(
            _("No file in {folders} is called as music is, such as .flac, .mp3 or .ogg.").format(
                folders=_(", ").join(folders)
            )
        )
    return report


def _tell_voices(library: "api.Library", folders: Sequence[str]) -> None:
    """Print how many tracks of folders have words, and how many may hold a voice, if any."""
    from playlist_builder.tracks.track_table import VOCALS

    found = library.tracks(folders=folders).vocals.tolist()
    counts = {
        pgettext("voice", "sung"): found.count(VOCALS.index("sung")),
        pgettext("voice", "spoken"): found.count(VOCALS.index("spoken")),
        pgettext("voice", "not sure, listen first"): found.count(VOCALS.index("unknown")),
    }
    if text := output.counted(counts):
        output.print_message(_("voices: {counts}").format(counts=text))


def tracks_done(state: "FileProgress", elapsed_s: float) -> tuple[str, float, float, str]:
    """Return how far a scan or copy is, for `output.progress_bar`.

    Bar and count agree; the time left is that of the music or of the bytes that are left.
    """
    left_s = state.left_s
    if left_s is None and state.done_bytes:
        left_s = elapsed_s * (state.total_bytes - state.done_bytes) / state.done_bytes
    rate = _("{count:.1f} tracks/s").format(count=state.done / elapsed_s)
    if left_s is not None:
        rate += _(", {time} left").format(time=clock(left_s))
    text = _("{done}/{total} tracks").format(done=state.done, total=state.total)
    return text, state.done, state.total, rate


def warn_waiting(library: "api.Library") -> None:
    """Print how many tracks a scan has yet to measure, if any."""
    if waiting := library.unanalysed_count:
        output.print_message(
            ngettext(
                "{count} track waits to be measured again. Scan their folders.",
                "{count} tracks wait to be measured again. Scan their folders.",
                waiting,
            ).format(count=waiting)
        )


def _cluster(
    scheduler: str | None, folders: Sequence[str]
) -> "AbstractContextManager[Cluster | None]":
    if scheduler is None:
        return nullcontext()
    try:
        from playlist_builder.library.scan.dask_cluster import Cluster
    except ModuleNotFoundError as error:
        raise ClusterError("--scheduler needs distributed: pip install distributed") from error
    return Cluster(scheduler, folders)
