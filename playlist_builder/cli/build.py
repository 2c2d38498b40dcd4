"""Commands that build a session: build, reorder, demo."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.history import history_number
from playlist_builder.cli.language import _, language
from playlist_builder.cli.library import DEMO_FOLDER, library_of, open_library, protect_music
from playlist_builder.cli.main import main
from playlist_builder.cli.numbered import check_unnamed, numbered, unnamed
from playlist_builder.cli.request import name_option, request_of, request_options
from playlist_builder.cli.scan import scan_folders, warn_waiting
from playlist_builder.cli.session import number_and_name, person_of, session_command
from playlist_builder.cli.written import check_outputs, content, remembered, write_contents
from playlist_builder.errors import PlaylistError

if TYPE_CHECKING:
    from playlist_builder.arranger.explain import Explanation
    from playlist_builder.cli.written import Content
    from playlist_builder.library.kept import KeptSession
    from playlist_builder.sessions.build import Selection

DEMO_SEED = 1
DEMO_MINUTES = 20.0
DEMO_TRACK_MINUTES = (0.5, 15.0)


@main.command()
@options.profile_argument
@request_options
@click.option(
    "--pin",
    "pins",
    multiple=True,
    metavar="TRACK[@PLACE]",
    help="This track must be in: anywhere, as number 3 (@3) or last (@-1), at 12:30 (@12:30), or in"
    " a phase (@peak).",
)
@click.option(
    "--alternatives",
    "count",
    type=click.IntRange(1, 20),
    default=1,
    help="So many sessions that share at most half of their tracks.",
)
@options.short_option
@click.option(
    "--for",
    "name",
    metavar="NAME",
    help="Use nothing that was played for NAME lately, and mind its ratings and bans.",
)
@options.explain_option
def build(
    profile: str,
    outputs: Sequence[str],
    count: int,
    called: str,
    *,
    explain: bool,
    dry_run: bool,
    as_json: bool,
    **fields: Any,
) -> None:
    """Build a session that follows PROFILE (a name, or a TOML file); arc if not given.

    The library keeps it under a number: see 'sessions'. What is built for somebody counts as played
    from then on: see 'history'. With --alternatives the second session is written to FILE-2, and so
    on; --json prints a list.
    """
    request = request_of(profile, **fields)
    if request.name is not None and count > 1:
        raise click.UsageError(
            _("A history holds the one session that is played: leave out --alternatives or --for.")
        )
    build_sessions(
        *(request, outputs, range(1, count + 1)),
        called=called,
        explain=explain,
        dry_run=dry_run,
        as_json=as_json,
    )


@main.command()
@options.playlist_argument
@options.profile_argument
@options.outputs_option(options.PLAYLIST_FORMATS)
@name_option
@click.option(
    "--duration",
    "duration_s",
    type=options.duration,
    help="The best of its tracks for this length, not all of them.",
)
@options.vocals_option
@options.levelled_option
@options.seed_option
@options.short_option
@options.explain_option
@options.build_options
def reorder(
    playlist: str,
    profile: str,
    outputs: Sequence[str],
    called: str,
    *,
    explain: bool,
    dry_run: bool,
    as_json: bool,
    **fields: Any,
) -> None:
    """Put the tracks of PLAYLIST (M3U, PLS, XSPF, JSPF or a session) in the order of PROFILE.

    All of them are used, whatever their length, voice or artist; with --duration the best of those
    that keep the rules of the profile. Levels are percentiles of the playlist. The tail of a
    session is left out, for a tail is no part of the arc.
    """
    from playlist_builder.language.notices import notice
    from playlist_builder.playlists import read

    person = person_of(playlist, fields["library"])
    request = request_of(profile, name=person, **fields)
    check_outputs(outputs, as_json=as_json)
    if person is not None:
        output.print_message(
            _("This is for {person}, as what it is made of.").format(person=person)
        )
    paths, lost = read.resolve_all(
        [entry for entry in read.read_entries(playlist) if not entry.is_tail],
        os.path.dirname(os.path.abspath(playlist)),
        os.path.isfile,
    )
    if not paths:
        raise PlaylistError(
            "None of the {count} entries of {playlist!r} leads to a file.",
            count=len(lost),
            playlist=playlist,
        )
    with open_library(request.library) as opened:
        report = scan_folders(opened, list(dict.fromkeys(paths)))
        at = opened.identities(paths)
    # Under the very path that the playlist names: the library may know the music elsewhere too.
    tracks = {at[path]: path for path in reversed(paths) if path in at}
    if not tracks:
        raise PlaylistError(
            "None of the entries of {playlist!r} is music that can be read.", playlist=playlist
        )
    notes = [notice("not_found", location=entry.location) for entry in lost]
    notes += [notice("skipped", path=each.path, reason=each.reason) for each in report.skipped]
    if repeated := sum(path in at for path in paths) - len(tracks):
        notes.append(notice("repeated", count=repeated))
    build_sessions(
        replace(request, playlist=tuple(tracks.values()), listed=tuple(tracks)),
        outputs,
        notes=notes,
        called=called,
        explain=explain,
        dry_run=dry_run,
        as_json=as_json,
    )


@main.command()
@click.argument("folder", default=DEMO_FOLDER, type=click.Path(file_okay=False))
@options.notes_option
@options.json_option
def demo(folder: str, *, as_json: bool) -> None:
    """Make short pieces of music in FOLDER, scan them, and build a session from them."""
    from playlist_builder.demo import compose

    place = Path(folder).absolute()
    output.print_message(_("Making music in {folder} ...").format(folder=folder))
    place.mkdir(parents=True, exist_ok=True)
    compose.write(place / "music", DEMO_SEED)
    request = request_of(
        "arc",
        duration_s=60 * DEMO_MINUTES,
        scale="absolute",
        track_minutes=DEMO_TRACK_MINUTES,
        music=(os.fspath(place / "music"),),
        library=os.fspath(place / "library.db"),
    )
    build_sessions(request, [os.path.join(folder, "demo.m3u8")], as_json=as_json)


def build_sessions(
    request: "api.SessionRequest",
    outputs: Sequence[str],
    numbers: range = range(1, 2),
    *,
    notes: "Sequence[api.Notice]" = (),
    called: str = "",
    explain: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> "list[api.Session]":
    """Build what was asked for; of the alternatives write, print and return those of `numbers`.

    The folders of a request are scanned before, but where it comes from a file: whoever wrote that
    may name any folder.
    """
    from playlist_builder.sessions.build import build_alternatives, explained

    files = [outputs, *(numbered(outputs, number) for number in range(2, len(numbers) + 1))]
    selection, history_numbers = select(request, outputs, files, as_json=as_json)
    sessions = [
        replace(session, warnings=(*session.warnings, *notes))
        for number, session in enumerate(build_alternatives(selection, numbers[-1]), start=1)
        if number in numbers
    ]
    why = partial(explained, selection) if explain else None
    return deliver(
        *(sessions, outputs, files, history_numbers, why),
        name=called,
        as_json=as_json,
        dry_run=dry_run,
    )


def select(
    request: "api.SessionRequest",
    outputs: Sequence[str],
    files: Sequence[Sequence[str]],
    *,
    written: Sequence[str] = (),
    scans: bool = True,
    as_json: bool,
) -> "tuple[Selection, list[str]]":
    """Return what a request selects from its library, after the scan that it asks for.

    `files` are the outputs of each session, whose numbers in the history are returned as well. What
    it is `written` to already is written again by others.
    """
    from playlist_builder.sessions import build

    profile = build.profile_of(request, folders=options.profile_folders())
    check_outputs(outputs, as_json=as_json, count=len(files), trims=bool(request.trim_s))
    check_unnamed(unnamed(outputs, files), request)
    with open_library(request.library, create=scans and bool(request.music)) as opened:
        if scans and request.music:
            scan_folders(opened, request.music)
        warn_waiting(opened)
        numbers = [history_number(opened, request, (*written, *each)) for each in files]
        new = replace(request, session="")  # what it replaces is told by the drafts
        selection = build.select(new, profile, opened, drafts=numbers)
    protect_music((file for each in files for file in each), request.library)
    suffixes = {
        os.path.splitext(each)[1].lower() or ".m3u8" for each in (*written, *outputs) or ("-",)
    }
    return build.holdable_in(selection, suffixes), numbers


def deliver(
    sessions: "Sequence[api.Session]",
    outputs: Sequence[str],
    files: Sequence[Sequence[str]],
    history_numbers: Sequence[str],
    explain: "Callable[[api.Session], list[Explanation]] | None" = None,
    *,
    name: str = "",
    more: Mapping[str, object] | None = None,
    as_json: bool,
    dry_run: bool,
) -> "list[api.Session]":
    """Keep, print, explain and write sessions; return them with their numbers in the history.

    Of their `files` the user named the `outputs` alone. Of several sessions each has the `name`
    with its number. Their documents tell `more` where that is given.
    """
    from playlist_builder.playlists import session_json
    from playlist_builder.report.language import LANGUAGES
    from playlist_builder.report.text import reasons_text
    from playlist_builder.sessions.keep import identified

    sessions = [
        replace(session, request=session.request and replace(session.request, session=number))
        for session, number in zip(sessions, history_numbers, strict=False)
    ]
    kept: list[KeptSession] = []
    contents: list[list[Content]] = [[] for _ in sessions]
    if not dry_run and sessions:
        marks = unnamed(outputs, files)
        with open_library(library_of(sessions[0], None)) as opened:
            names = [
                f"{name}-{place}" if name and len(sessions) > 1 else name
                for place in range(1, len(sessions) + 1)
            ]
            sessions = [identified(opened, *each) for each in zip(sessions, names, strict=True)]
            contents = [
                [
                    content(session, session_json.dump(session), file, {}, is_marked=file in marks)
                    for file in own_files
                ]
                for session, own_files in zip(sessions, files, strict=False)
            ]
            kept = _keep(sessions, names, contents, opened)
    err = as_json or "-" in files[0]
    documents = []
    for place, session in enumerate(sessions):
        own_library = library_of(session, None)
        shown = session_command("report", kept[place].number, own_library) if kept else ""
        as_kept = session_json.parse(session_json.dump(session), session.profile)
        output.print_session(as_kept, again=shown, err=err)
        document = session_json.document(session) | dict(more or {})
        if explain is not None:
            reasons = explain(session)
            own = LANGUAGES[language()]
            text = reasons_text(session, reasons, width=output.width(), language=own)
            output.print_drawing(text, err=err)
            document["reasons"] = [asdict(reason) for reason in reasons]
        documents.append(document)
        write_contents(session, contents[place])
        if kept:
            document["number"] = kept[place].number
            output.print_message(_what_next(kept[place], own_library))
    if as_json:
        texts = [session_json.to_json(document) for document in documents]
        click.echo(texts[0] if len(texts) == 1 else "[\n" + ",\n".join(texts) + "]\n", nl=False)
    return sessions


def _keep(
    sessions: "Sequence[api.Session]",
    names: Sequence[str],
    contents: "Sequence[Sequence[Content]]",
    library: "api.Library",
) -> "list[KeptSession]":
    """Return sessions as their library keeps them from now on, with the files written of them."""
    from playlist_builder.playlists import session_json
    from playlist_builder.sessions.keep import Entry, store

    entries = []
    for session, name, written in zip(sessions, names, contents, strict=True):
        files, first = remembered(written), written[0].path if written else "-"
        file = os.path.abspath(first) if first != "-" else ""
        entries.append(Entry(session, session_json.dump(session), name, files, file))
    before = [name and library.sessions.called(name) for name in names]
    kept = store(library, entries, options.now())
    for one, other in zip(kept, before, strict=True):
        if other and other.id != one.id:
            output.print_message(
                _("Session {number} is not called {name} any more.").format(
                    number=other.number, name=other.name
                )
            )
    return kept


def _what_next(kept: "KeptSession", library: str | None) -> str:
    change = session_command("swap", kept.number, library, 3)
    text = _("Session {session}. To change it, such as its track 3: {command}")
    return text.format(session=number_and_name(kept), command=change)
