"""Commands that keep what players have in step with the music: copy, check, rebuild."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from playlist_builder.cli.common import (
    json_option,
    library_option,
    now,
    open_library,
    print_json,
    progress_bar,
    shown,
)
from playlist_builder.cli.sessions import dry_run_option, make
from playlist_builder.errors import LibraryError, SessionError

if TYPE_CHECKING:
    from playlist_builder.models import File, Session
    from playlist_builder.playlists.check import Finding


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write the new session to this playlist as well. Repeatable.",
)
@dry_run_option
@click.option(
    "--library",
    type=click.Path(exists=True, dir_okay=False),
    help="Another library file than the one that the session was made from.",
)
@json_option
def rebuild(
    session: str, outputs: Sequence[str], library: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Make SESSION (.json) again as it was asked for, from what the library holds now.

    The session file is replaced. A profile that has been edited since counts as it is now.
    """
    from playlist_builder.playlists import session_json

    before = session_json.load_session(session)
    if before.request is None:
        raise SessionError(
            f"Session file {session!r} does not say how it was made: it is older, or by another"
            " command than 'build'. Make it once more with 'playlist-builder build -o FILE.json'"
        )
    found = library or before.request.library or os.environ.get("PLAYLIST_BUILDER_LIBRARY")
    if found is not None and not os.path.exists(found):
        raise LibraryError(
            f"The library {found!r} of {session!r} is gone. Give another one with --library FILE."
        )
    request = replace(before.request, library=os.path.abspath(found) if found else None)
    if request.name is not None:
        request = replace(request, asked_at=now())
    number = request.alternative
    with open_library(request.library) as opened:
        gone = [path for path in opened.tracks().paths if not os.path.isfile(path)]
    if gone:
        raise LibraryError(
            f"{len(gone)} files of the library are not there, such as {gone[0]!r}; {session!r} is"
            " untouched. Bring the library up to date with 'playlist-builder scan FOLDER'."
        )
    after = make(
        request,
        (session, *outputs),
        range(number, number + 1),
        dry_run=dry_run,
        as_json=as_json,
    )
    if not after:
        raise SessionError(
            f"The library holds no alternative number {number} any more; {session!r} is untouched."
        )
    known = {slot.identity for slot in (*before.slots, *before.tail)}
    plays = [slot.identity for slot in (*after[0].slots, *after[0].tail)]
    new = sum(identity not in known for identity in plays)
    click.echo(shown(f"{new} of {len(plays)} tracks are new."), err=True)


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "--convert",
    "form",
    type=click.Choice(["mp3", "opus", "flac"]),
    help="Convert what is not encoded so: mp3 at 256, opus at 160 kbit/s; tags and covers stay.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; as many as cores if not said.")
@json_option
def copy(session: str, folder: str, form: str | None, jobs: int | None, *, as_json: bool) -> None:
    """Copy the tracks of SESSION (.json) and its playlist into FOLDER, such as a stick.

    The names are '01 - Artist - Title', in the order of the session, the tail last. A second run
    copies only what is missing or wrong. Files of yours are never replaced.
    """
    from playlist_builder.device import copy as copying
    from playlist_builder.playlists import session_json

    loaded = session_json.load_session(session)
    name = os.path.splitext(os.path.basename(session))[0]
    with progress_bar() as progress:
        report = copying.copy_session(
            loaded, folder, name=name, form=form, jobs=jobs, progress=progress
        )
    for wanted, chosen in report.renamed.items():
        told = f"{wanted} is there with other content and stays; wrote {chosen}"
        click.echo(shown(told), err=True)
    for skipped in report.skipped:
        click.echo(shown(f"skipped {skipped.path}: {skipped.reason}"), err=True)
    if report.leftover:
        left = len(report.leftover)
        told = f"{left} files of earlier copies are not part of this one: {report.leftover[0]}"
        click.echo(shown(told + (", ..." if left > 1 else "")), err=True)
    counts = Counter(each.state for each in report.files)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    size = sum(each.bytes for each in report.files) / 1e6
    click.echo(shown(f"{counted}; {size:.0f} MB in {report.playlist}"), err=True)
    if as_json:
        print_json(
            {
                "playlist": report.playlist,
                "files": [asdict(each) for each in report.files],
                "skipped": [asdict(each) for each in report.skipped],
                "renamed": dict(report.renamed),
                "leftover": list(report.leftover),
            }
        )
    if report.skipped:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("playlist", type=click.Path(exists=True, dir_okay=False))
@click.option("--fix", is_flag=True, help="Write PLAYLIST with the new places of what has moved.")
@library_option
@json_option
def check(playlist: str, library: str | None, *, fix: bool, as_json: bool) -> None:
    """Look whether all entries of PLAYLIST (M3U, M3U8, PLS, XSPF or a session) are there.

    What is not there is looked for in the library: by its music, its name, or title and length.
    Exit code 1 where an entry leads nowhere.
    """
    from playlist_builder.playlists import check as checking
    from playlist_builder.playlists import read as playlists

    data = playlists.read(playlist)
    entries = playlists.parse(data, playlist)
    folder = os.path.dirname(os.path.abspath(playlist))
    session = _session(data, playlist)
    identities = [slot.identity for slot in (*session.slots, *session.tail)] if session else []
    if library is None and session is not None and session.request is not None:
        library = session.request.library
    findings = checking.check(entries, folder, os.path.isfile, lambda: _files(library), identities)
    refused = _fix(data, playlist, findings, folder) if fix else {}
    for each in findings:
        if each.state == "moved":
            stays = f"  ({refused[each.number]}, so it stays)" if each.number in refused else ""
            by = {"music": "same music", "name": "same name", "title": "same title and length"}
            told = f"moved    {each.number}  {each.location} -> {each.path}  ({by[each.by]}){stays}"
            click.echo(shown(told), err=as_json)
        elif each.state == "missing":
            title = f"  ({each.title})" if each.title else ""
            click.echo(shown(f"missing  {each.number}  {each.location}{title}"), err=as_json)
    counts = Counter(each.state for each in findings)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    click.echo(f"{len(findings)} entries: {counted}", err=True)
    fixed = fix and counts["moved"] > len(refused)
    if fixed:
        click.echo(shown(f"Wrote {playlist}"), err=True)
    elif counts["moved"] and not fix:
        click.echo("Write the new places with --fix", err=True)
    if as_json:
        print_json(
            {
                "playlist": os.path.abspath(playlist),
                "entries": len(findings),
                "there": counts["there"],
                "remote": counts["remote"],
                "moved": [_moved_document(each, refused) for each in _of(findings, "moved")],
                "missing": [
                    {"number": each.number, "location": each.location, "title": each.title}
                    for each in _of(findings, "missing")
                ],
                "fixed": fixed,
            }
        )
    if counts["missing"] or refused or (counts["moved"] and not fix):
        raise click.exceptions.Exit(1)


def _of(findings: "Sequence[Finding]", state: str) -> "list[Finding]":
    return [each for each in findings if each.state == state]


def _moved_document(found: "Finding", refused: Mapping[int, str]) -> dict[str, object]:
    document: dict[str, object] = {
        "number": found.number,
        "location": found.location,
        "path": found.path,
        "by": found.by,
    }
    return document | ({"stays": refused[found.number]} if found.number in refused else {})


def _fix(data: bytes, playlist: str, findings: "Sequence[Finding]", folder: str) -> dict[int, str]:
    """Write the playlist with what has moved; returns what it cannot hold, by its number."""
    from playlist_builder.atomic import remove_leftovers, replace_bytes
    from playlist_builder.playlists.rewrite import replace_paths

    moved = {each.number - 1: each.path for each in findings if each.state == "moved"}
    if not moved:
        return {}
    changed, refused = replace_paths(data, playlist, moved, folder)
    if changed != data:
        replace_bytes(playlist, changed)
        remove_leftovers(playlist)
    return {place + 1: reason for place, reason in refused.items()}


def _session(data: bytes, playlist: str) -> "Session | None":
    """Return the session that a file holds, if it is one: it knows its music by identity."""
    from playlist_builder.playlists import read as playlists
    from playlist_builder.playlists import session_json

    if playlists.kind_of(data, playlist) != "session":
        return None
    return session_json.parse(data.decode("utf-8-sig", "replace"), playlist)


def _files(library: str | None) -> "list[tuple[File, float]]":
    """Return the files of the library; a library that does not exist is not made for this."""
    from playlist_builder.library.library import default_path

    path = library or os.fspath(default_path())
    if not os.path.exists(path):
        click.echo(shown(f"There is no library {path} to look for what is missing."), err=True)
        return []
    with open_library(path) as opened:
        return opened.files()


COMMANDS = (copy, check, rebuild)
