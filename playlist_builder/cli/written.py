"""The files that are written of a session: playlists and pages, remembered and written again.

A file is written again only while it is as we wrote it. How it was written stands beside its path
in the library, as JSON: the settings of `export` or `report`, or the command that made it, such as
`render`, which takes too long to be repeated unasked.
"""

import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import output
from playlist_builder.cli.language import _, told
from playlist_builder.cli.library import open_library
from playlist_builder.cli.numbered import marked
from playlist_builder.cli.session import PAGES, PLAYLISTS, OpenedSession, number_and_name
from playlist_builder.errors import (
    ExportError,
    LibraryError,
    RenderError,
    ReportError,
)
from playlist_builder.files.path_map import PathMap
from playlist_builder.playlists.dialects import ANY, PLAYERS, WORKS, Dialect

if TYPE_CHECKING:
    from playlist_builder.library.kept import KeptSession, WrittenFile

MADE_BY = "made_by"  # in the form of a file: the command that is to be given again
TIMES = ("gap_s", "crossfade_s")  # in the form of a file: of the player that it is for
RECORDINGS = (".flac", ".wav", ".mp3", ".m4a", ".opus")
COMMANDS = {"export": (*PLAYLISTS, ".json"), "report": PAGES, "render": RECORDINGS}
SPARES = ".spares.m3u8"  # behind the stem of a playlist


@dataclass(frozen=True, slots=True)
class Content:
    """What a file of a session holds; `form` says how it was made.

    One that `is_marked` has a comment by which it is known as ours.
    """

    path: str
    data: bytes
    form: Mapping[str, Any]
    is_marked: bool = False


def check_outputs(
    outputs: Sequence[str],
    *,
    as_json: bool,
    count: int = 1,
    trims: bool = False,
    dialect: Dialect = ANY,
) -> None:
    """Raise on an unknown format, or on two documents for standard output, before all else.

    Where a session `trims` tracks, on every playlist as well.
    """
    from playlist_builder.playlists.formats import WHOLE, format_of

    if "-" in outputs and (as_json or count > 1 or outputs.count("-") > 1):
        raise click.UsageError(
            _("Standard output holds one document: leave out '-o -' or the other.")
        )
    for file in outputs:
        if file != "-":
            with hinting(file, "export"):
                format_of(file, dialect)
        if trims and os.path.splitext(file)[1].lower() not in WHOLE:
            raise click.UsageError(
                _(
                    "A playlist plays whole tracks. With --trim leave it out, and give the session"
                    " to 'render', 'copy' or 'export --player vlc'."
                )
            )


@contextmanager
def hinting(file: str, own: str) -> Iterator[None]:
    """Say of a file that a command cannot write which other one writes such files."""
    suffix = os.path.splitext(file)[1].lower()
    try:
        yield
    except (ExportError, ReportError, RenderError) as error:
        other = next((name for name, suffixes in COMMANDS.items() if suffix in suffixes), own)
        if other == own:
            raise
        raise ExportError(
            "{error}. To write it of a session: playlist-builder {command} -o {file}",
            error=error,
            command=other,
            file=shlex.quote(file),
        ) from error


def dialect_of(form: Mapping[str, Any]) -> Dialect:
    """Return how a playlist of a form is written: for a player, with settings of the user's."""
    if form.get("without_files"):
        return WORKS
    player = form.get("player")
    dialect = PLAYERS[player] if player else ANY
    return replace(
        dialect,
        path_maps=tuple(PathMap(*each) for each in form.get("maps", ())),
        absolute=dialect.absolute or form.get("absolute", False),
        relative_to=form.get("relative_to"),
        normal_form=form.get("normal_form", "keep"),
        codepage=form.get("codepage") or dialect.codepage,
    )


def played(session: "api.Session", form: Mapping[str, Any]) -> "api.Session":
    """Return a session at the times at which a player plays it, by the gaps that a form tells."""
    from playlist_builder.playlists.times import as_played

    times = {key: form[key] for key in TIMES if key in form}
    return as_played(session, **times) if times else session


def times_of(given: OpenedSession, told: Mapping[str, float | None]) -> dict[str, float]:
    """Return the gap and crossfade that a user told, or else those of the playlist of a session.

    Where playlists for several players differ, they say nothing.
    """
    times = {key: value for key, value in told.items() if value is not None}
    if times or given.kept is None:
        return times
    forms = {
        file.path: {key: form[key] for key in TIMES if key in form}
        for file in given.kept.files
        if os.path.splitext(file.path)[1].lower() in PLAYLISTS and (form := form_of(file))
    }
    distinct = [times for times in forms.values() if times]
    if not distinct or any(times != distinct[0] for times in distinct):
        return {}
    path = next(path for path, times in forms.items() if times)
    known = _("At the times of {path}: {times}")
    output.print_message(known.format(path=output.short_path(path), times=_times_text(distinct[0])))
    return distinct[0]


def _times_text(times: Mapping[str, float]) -> str:
    words = {"gap_s": _("gaps of {:g} s"), "crossfade_s": _("crossfades of {:g} s")}
    return _(" and ").join(words[key].format(value) for key, value in times.items())


def content(
    session: "api.Session",
    text: str,
    file: str,
    form: Mapping[str, Any],
    *,
    is_marked: bool = False,
    kept: "KeptSession | None" = None,
) -> Content:
    """Return what a file holds of a session and its document, in the format of its suffix."""
    from playlist_builder.playlists.formats import render_bytes
    from playlist_builder.playlists.write import render

    suffix = os.path.splitext(file)[1].lower()
    if suffix in PAGES:
        return page(session, file, suffix, form, kept)
    dialect = dialect_of(form)
    session = played(session, form)
    if file == "-":
        data = render_bytes(session, ".m3u8", folder=os.getcwd(), dialect=dialect)
    elif suffix == ".json" and suffix in dialect.suffixes:
        data = text.encode()
    else:
        data = render(session, file, dialect=dialect)
    return Content(file, marked(data, file) if is_marked else data, form, is_marked)


def page(
    session: "api.Session",
    file: str,
    suffix: str,
    form: Mapping[str, Any],
    kept: "KeptSession | None",
) -> Content:
    """Return a session as a page or picture, which says under which number it is kept."""
    from playlist_builder.report.write import rendered

    language, folder = form.get("language", "en"), output.folder_of(file)
    today = datetime.now().astimezone().date()
    own = number_and_name(kept) if kept is not None else ""
    data = rendered(
        played(session, form), suffix, folder=folder, language=language, today=today, kept=own
    )
    return Content(file, data, form)


def write_contents(session: "api.Session", contents: Sequence[Content]) -> None:
    """Write files of a session, and its spares beside each playlist."""
    from playlist_builder.files.companion import write_beside

    spares = dict(filter(None, (spares_of(session, each) for each in contents)))
    output.write_files([(each.path, each.data) for each in contents])
    for file, data in spares.items():
        why = told(write_beside(file, data))
        output.print_message(why or _("Wrote {path}").format(path=file))


def spares_of(session: "api.Session", written: Content) -> tuple[str, bytes] | None:
    """Return the spares of a session as a playlist beside its own, for when a track is skipped."""
    from playlist_builder.files import companion
    from playlist_builder.playlists.write import render

    stem, suffix = os.path.splitext(written.path)
    without_files = dialect_of(written.form).without_files
    if written.path == "-" or without_files or suffix.lower() not in PLAYLISTS:
        return None
    slots = tuple(
        replace(each.slot, phase=f"{each.slot.phase}, for number {each.place}")
        for each in session.spares
    )
    path = f"{stem}{SPARES}"  # every player reads it
    if not slots and not companion.is_own(path):  # those of the session before are emptied
        return None
    spares = replace(session, slots=slots, tail=(), spares=())
    return path, companion.marked(render(spares, path, dialect=dialect_of(written.form)), "#")


def with_companions(paths: Iterable[str]) -> list[str]:
    """Return the files of these that are there, with those that were written beside them."""
    stems = {path: os.path.splitext(path)[0] for path in paths}
    beside = [f"{stem}{suffix}" for stem in stems.values() for suffix in (SPARES, ".cue")]
    return sorted(filter(os.path.exists, {*stems, *beside}))


def remembered(contents: Sequence[Content]) -> "tuple[WrittenFile, ...]":
    """Return what the library notes of files that are written."""
    from playlist_builder.library.kept import WrittenFile, digest_of

    return tuple(
        WrittenFile(os.path.abspath(each.path), digest_of(each.data), json.dumps(each.form))
        for each in contents
        if each.path != "-"
    )


def remember(given: OpenedSession, contents: Sequence[Content]) -> None:
    """Note files that are about to be written of a kept session."""
    files = remembered(contents)
    if given.kept is not None and files:
        try:
            with open_library(given.library) as opened:
                opened.sessions.add_file(given.kept.id, *files)
        except LibraryError as error:
            known = _("{error} What is written now is not written again by changes.")
            output.print_message(known.format(error=told(error)))


def remember_made(given: OpenedSession, path: str, command: str) -> None:
    """Note what a command made of a session and can only make again itself."""
    remember(given, [Content(path, heard(given.session), {MADE_BY: command})])


def heard(session: "api.Session") -> bytes:
    """Return what is heard of a session, by whose digest a recording is known to hold it."""
    from playlist_builder.playlists import session_json

    whole = session_json.document(session)
    return json.dumps([whole[key] for key in ("slots", "tail", "curve")]).encode()


def form_of(file: "WrittenFile") -> dict[str, Any] | None:
    """Return how a file was made, None where that is not known here, as of a later version."""
    try:
        form = json.loads(file.form)
        dialect_of(form)
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return dict(form)
