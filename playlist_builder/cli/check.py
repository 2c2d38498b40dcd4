"""The command that finds what the entries of a playlist lead to: check."""

import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.change import save_change
from playlist_builder.cli.language import _, ngettext, told
from playlist_builder.cli.library import file_of, library_of, open_existing
from playlist_builder.cli.main import main
from playlist_builder.cli.session import (
    OpenedSession,
    is_kept,
    is_path,
    open_session,
    session_command,
)
from playlist_builder.language.line_breaks import cells

if TYPE_CHECKING:
    from playlist_builder.models import File
    from playlist_builder.playlists.check import Finding


@main.command()
@click.argument(
    "playlist",
    nargs=-1,
    metavar="[PLAYLIST|SESSION]",
    type=click.Path(),
    callback=options.one_session,
)
@click.option("--fix", is_flag=True, help="Write PLAYLIST with the new places of what has moved.")
@options.common_options
def check(playlist: str | None, library: str | None, *, fix: bool, as_json: bool) -> None:
    """Look whether all entries of a PLAYLIST (M3U, PLS, XSPF, JSPF) or SESSION are there.

    What is not there is looked for in the library: by its music, its name, or title and length.
    Exit code 1 where an entry leads nowhere.
    """
    from playlist_builder.playlists import check as entry_check
    from playlist_builder.playlists import read

    given = _kept(playlist, library)
    session: api.Session | None
    if given is not None:
        data, name, session, folder = (
            given.text.encode(),
            "session.json",
            given.session,
            os.getcwd(),
        )
        shown, path = given.label, given.library
    else:
        name = shown = playlist or ""
        data, folder = read.read(name), output.folder_of(name)
        session = _session(data, name)
        path = library_of(session, library)
    entries = read.parse(data, name)
    identities = [slot.identity for slot in (*session.slots, *session.tail)] if session else []
    findings = entry_check.check(entries, folder, os.path.isfile, lambda: _files(path), identities)
    refused = _fix(data, name, findings, folder, given) if fix else {}
    mend = session_command("check", given.word if given else name, library, "--fix")
    moved, missing = [], []
    evidence = {
        "music": _("same music"),
        "name": _("same name"),
        "title": _("same title and length"),
    }
    states = {
        "there": _("there"),
        "remote": _("remote"),
        "moved": _("moved"),
        "missing": _("missing"),
    }
    for each in findings:
        entry = {"number": each.number, "location": each.location}
        if each.state == "moved":
            stays = {"stays": refused[each.number]} if each.number in refused else {}
            moved.append(entry | {"path": each.path, "by": each.by} | stays)
            reason = told(refused.get(each.number, ""))
            note = _("  ({reason}, so it stays)").format(reason=reason) if stays else ""
            places = _("{before} -> {path}  ({evidence})").format(
                before=each.location, path=each.path, evidence=evidence[each.by]
            )
            output.print_text(
                f"{_column(states['moved'])} {each.number}  {places}{note}",
                err=as_json,
            )
        elif each.state == "missing":
            missing.append(entry | {"title": each.title})
            title = _("  ({title})").format(title=each.title) if each.title else ""
            output.print_text(
                f"{_column(states['missing'])} {each.number}  {each.location}{title}",
                err=as_json,
            )
    counts = Counter(sorted(each.state for each in findings))
    output.print_message(
        _("{entries}: {counts}").format(
            entries=ngettext("{count} entry", "{count} entries", len(findings)).format(
                count=len(findings)
            ),
            counts=output.counted({states[state]: count for state, count in counts.items()}),
        )
    )
    fixed = fix and counts["moved"] > len(refused)
    if fixed:
        output.print_message(_("Wrote {path}").format(path=shown))
    elif counts["moved"] and not fix:
        output.print_message(_("To write the new places: {command}").format(command=mend))
    if missing:
        output.print_message(
            _(
                "If the music was moved, scan the folder where it is now (playlist-builder scan"
                " FOLDER), and then: {command}"
            ).format(command=mend)
        )
    if as_json:
        output.print_json(
            {
                "playlist": shown if given is not None else os.path.abspath(name),
                "entries": len(findings),
                "there": counts["there"],
                "remote": counts["remote"],
                "moved": moved,
                "missing": missing,
                "fixed": fixed,
            }
        )
    if counts["missing"] or refused or (counts["moved"] and not fix):
        raise click.exceptions.Exit(1)


def _column(state: str) -> str:
    """Return a state as wide as any."""
    return state + " " * (8 - cells(state))


def _kept(word: str | None, library: str | None) -> OpenedSession | None:
    """Return the session that a library keeps and a word means; None for any other file."""
    is_file = word is not None and os.path.exists(word) and not os.path.isdir(word)
    is_playlist = is_file and not str(word).lower().endswith(".json")
    if word is not None and is_playlist and (is_path(word) or not is_kept(word, library)):
        return None
    given = open_session(word, library)
    return given if given.kept is not None else None


def _fix(
    data: bytes,
    playlist: str,
    findings: "Sequence[Finding]",
    folder: str,
    given: OpenedSession | None,
) -> dict[int, str]:
    """Write the playlist with what has moved; returns what it cannot hold, by its number."""
    from playlist_builder.files.atomic import remove_leftovers, replace_bytes
    from playlist_builder.playlists.rewrite import replace_paths

    moved = {each.number - 1: each.path for each in findings if each.state == "moved"}
    if not moved:
        return {}
    changed, refused = replace_paths(data, playlist, moved, folder)
    if given is not None:
        for line in save_change(given, changed.decode())[1]:
            output.print_message(line)
    elif changed != data:
        replace_bytes(playlist, changed)
        remove_leftovers(playlist)
    return {place + 1: reason for place, reason in refused.items()}


def _session(data: bytes, playlist: str) -> "api.Session | None":
    """Return the session that a file holds, if it is one: it knows its music by identity."""
    from playlist_builder.playlists import read, session_json

    if read.kind_of(data, playlist) != "session":
        return None
    return session_json.parse(data.decode("utf-8-sig", "replace"), playlist)


def _files(library: str | None) -> "list[tuple[File, float]]":
    with open_existing(library) as opened:
        if opened is not None:
            return opened.files()
    output.print_message(
        _("There is no library {path} to look for what is missing.").format(path=file_of(library))
    )
    return []
