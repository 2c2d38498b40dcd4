"""The command that copies a session onto a stick or phone: copy."""

import os
from collections import Counter

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _
from playlist_builder.cli.main import main
from playlist_builder.cli.scan import tracks_done
from playlist_builder.cli.session import OpenedSession, open_session, warn_banned
from playlist_builder.cli.written import remember_made


@main.command()
@options.session_argument
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "--convert",
    "form",
    type=click.Choice(["mp3", "opus", "flac"]),
    help="Convert what is not encoded so: mp3 at 256, opus at 160 kbit/s; tags and covers stay.",
)
@click.option(
    "--levelled",
    "is_levelled",
    is_flag=True,
    help="As loud as the session plans each track: by ReplayGain tags, in what is converted by its"
    " samples.",
)
@click.option(
    "--for-phone",
    is_flag=True,
    help="MP3s that every phone plays, levelled by their samples, as one album; replaces earlier"
    " copies, and says what to tap.",
)
@click.option(
    "--replace",
    "replace_earlier",
    is_flag=True,
    help="Remove what an earlier copy put there and this session does not play.",
)
@options.jobs_option
@options.session_options
def copy(
    session: str | None,
    folder: str,
    form: str | None,
    jobs: int | None,
    library: str | None,
    *,
    is_levelled: bool,
    for_phone: bool,
    replace_earlier: bool,
    as_json: bool,
) -> None:
    """Copy the tracks of SESSION and its playlist into FOLDER, such as a stick.

    The names are '01 - Artist - Title', in the order of the session, the tail last. A second run
    copies only what is missing or wrong. Files of yours are never replaced. Trimmed tracks are
    written again, with a fade at each cut.

    With --levelled the copies follow the loudness that the session plans, 4 LU louder at its peak
    than where it is calm, and none begins louder after the one before than the profile allows.
    Players have to be told to heed ReplayGain; track and album mode are alike. A tag holds one gain
    for a whole track: a copy that would begin or rise too suddenly with it is encoded again, evened
    out in its samples. Phones and VLC heed no tags, or not all: --for-phone has the gains in the
    samples of every track.
    """
    if session is None and folder.isdecimal() and not os.path.isdir(folder):
        raise click.UsageError(
            _("Copy session {session} where? Give a folder: copy {session} FOLDER").format(
                session=folder
            )
        )
    if for_phone and form not in {None, "mp3"}:
        raise click.UsageError(
            _("Phones get MP3: leave out --convert {form}, or --for-phone.").format(form=form)
        )
    given = open_session(session, library)
    with output.progress_bar(tracks_done, tells_time=True) as progress:
        report = api.copy_session(
            given.session,
            folder,
            name=given.stem,
            form="mp3" if for_phone else form,
            levels="samples" if for_phone else "tags" if is_levelled else "",
            as_album=for_phone,
            replace_earlier=replace_earlier or for_phone,
            jobs=jobs,
            progress=progress,
            on_wait=lambda: output.print_message(
                _("Waiting for another copy into {folder} ...").format(folder=folder)
            ),
        )
    warn_banned(given, given.session)
    kind = " --for-phone" if for_phone else " --levelled" if is_levelled else ""
    remember_made(given, report.playlist, f"copy{kind}")
    _tell(given, report)
    if for_phone:
        _tell_taps(report, given.stem)
    if as_json:
        output.print_json(report)
    if report.skipped:
        raise click.exceptions.Exit(1)


def _tell(given: OpenedSession, report: "api.CopyReport") -> None:
    """Print what was done, and how it is heard."""
    from playlist_builder.arranger.trims import is_part

    for original, chosen in report.renamed.items():
        output.print_message(
            _("{original} is there with other content and stays; wrote {chosen}").format(
                original=original, chosen=chosen
            )
        )
    output.print_skipped(report.skipped)
    if report.leftover:
        count, more = len(report.leftover), ", ..." if len(report.leftover) > 1 else ""
        output.print_message(
            _(
                "not part of this copy, from earlier ones: {count}: {leftover}{more};"
                " --replace removes what is as it was copied"
            ).format(count=count, leftover=report.leftover[0], more=more)
        )
    if report.removed:
        output.print_message(
            _("removed of earlier copies: {count}").format(count=len(report.removed))
        )
    if count := sum(map(is_part, given.session.slots)):
        total = len(given.session.slots)
        output.print_message(
            _("trimmed: {count} of {total}; their files there hold only what plays").format(
                count=count, total=total
            )
        )
    known = {"copied": _("copied"), "kept": _("kept"), "converted": _("converted")}
    counts = Counter(sorted(each.state for each in report.files))
    states = output.counted({known[state]: count for state, count in counts.items()})
    size_mb = sum(each.bytes for each in report.files) / 1e6
    output.print_message(
        _("{counts}; {size:.0f} MB in {folder}, played by {path}").format(
            counts=states,
            size=size_mb,
            folder=os.path.dirname(report.playlist),
            path=report.playlist,
        )
    )
    if report.loudness_lufs is None:
        output.tell_steps(given.session, levelled=False)
    else:
        _tell_levels(report, report.loudness_lufs)


def _tell_levels(report: "api.CopyReport", loudness_lufs: float) -> None:
    """Print how loud levelled copies are, and what a player has to be told to heed it."""
    gains = [each.gain_db for each in report.files if each.gain_db is not None]  # not of silences
    text = _(
        "levelled by {least:+.1f} to {most:+.1f} dB, to the loudness that the session plans;"
        " {loudness:.1f} LUFS in all"
    ).format(least=min(gains), most=max(gains), loudness=loudness_lufs)
    if loudness_lufs < options.LOUDNESS_LUFS - options.CLOSE_LU:
        text += _(" instead of {wanted:g}, as the peaks allow no more").format(
            wanted=options.LOUDNESS_LUFS
        )
    output.print_message(text)
    output.tell_held_down(report.held_down)
    if in_tags := len(gains) - sum(each.in_samples for each in report.files):
        output.print_message(
            _(
                "{in_tags} of {count} by tags: turn on ReplayGain in the player, or the"
                " masters' own loudness is heard (mpv --replaygain=track; MPD: mpc replaygain"
                " track). For VLC, which heeds not all of them, and for phones copy with"
                " --for-phone"
            ).format(in_tags=in_tags, count=len(gains))
        )
        if in_tags < len(gains):
            output.print_message(
                _(
                    "{count} of {total} in their samples, encoded again: as asked for, as only a"
                    " part plays, or as one gain for a whole track would leave them sudden or does"
                    " not fit in their tags"
                ).format(count=len(gains) - in_tags, total=len(gains))
            )
    output.tell_heard(report.heard)


def _tell_taps(report: "api.CopyReport", album: str) -> None:
    """Print how a copy is played on a phone."""
    playlist = os.path.basename(report.playlist)
    output.print_message(
        _(
            "Android: with this folder under Music, open {playlist} in a player such as"
            " VLC, or the album '{album}' in a music app."
        ).format(playlist=playlist, album=album)
    )
    output.print_message(
        _(
            "iPhone: in Finder or iTunes drag the folder onto VLC (iPhone, Files), and"
            " open the album '{album}' there; or add the files to Apple Music and sync. The"
            " Files app plays one track alone."
        ).format(album=album)
    )
    output.print_message(
        _("Turn off shuffle, repeat, and whatever evens out loudness: that is done already.")
    )
