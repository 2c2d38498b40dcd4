"""The command that gives a session to a music server: push.

Secrets are asked for here and nowhere else. They come from the environment, the system's keyring
or a prompt: a command line is read by every user of a machine, and a file of ours would be one
more place to guard.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from playlist_builder.cli.common import json_option, library_option, open_library, print_json, shown
from playlist_builder.errors import ServerError

if TYPE_CHECKING:
    from playlist_builder.models import Session, Slot, Tags
    from playlist_builder.path_map import PathMap
    from playlist_builder.servers.match import Unmatched
    from playlist_builder.servers.protocol import Server

KEYRING_SERVICE = "playlist-builder"
PASSWORD_VARIABLE = "PLAYLIST_BUILDER_PASSWORD"  # noqa: S105 - where it is, not what it is


@click.command()
@click.argument("session", type=click.Path(exists=True, dir_okay=False))
@click.argument("target")
@click.option(
    "--name", help="The playlist's name on the server; the session's profile if not said."
)
@click.option("--queue", is_flag=True, help="MPD: fill the queue, not a stored playlist.")
@click.option(
    "--crossfade",
    type=click.IntRange(0, 3600),
    metavar="SECONDS",
    help="MPD, with --queue: fade so long from track to track.",
)
@click.option(
    "--replay-gain",
    type=click.Choice(["off", "track", "album"]),
    help="MPD, with --queue: even out loudness.",
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="FROM=TO",
    help="Folder FROM is TO on the server; empty if it is the server's music folder. Repeatable.",
)
@click.option("--allow-missing", is_flag=True, help="Push without the tracks it does not have.")
@click.option("--insecure", is_flag=True, help="Allow plain http to other machines.")
@library_option
@json_option
def push(  # noqa: PLR0913, PLR0917 - each is an option
    session: str,
    target: str,
    name: str | None,
    crossfade: int | None,
    replay_gain: Any,
    maps: Sequence[str],
    library: str | None,
    *,
    queue: bool,
    allow_missing: bool,
    insecure: bool,
    as_json: bool,
) -> None:
    """Give a SESSION file (.json) to the music server at TARGET, as a playlist.

    \b
    mpd://host[:port]              MPD; mpd:///path for its local socket
    subsonic+https://user@host     Navidrome, gonic, Airsonic, supysonic, ...

    A playlist of that name is replaced, or left as it was if anything fails. Tracks are known by
    path, by MusicBrainz recording, or by title, artist and length. A password comes from
    PLAYLIST_BUILDER_PASSWORD (MPD also: MPD_PASSWORD), the system's keyring, or a prompt.
    """  # noqa: D301 - the backspace is how click is told to keep lines
    from playlist_builder.path_map import PathMap
    from playlist_builder.playlists import session_json
    from playlist_builder.servers.connect import connect, connect_queue, has_queue
    from playlist_builder.servers.match import find_keys, known_tracks
    from playlist_builder.servers.protocol import playlist_name

    if not queue and (crossfade is not None or replay_gain is not None):
        raise click.UsageError("--crossfade and --replay-gain need --queue.")
    if queue and name is not None:
        raise click.UsageError("The queue has no name: leave out --name or --queue.")
    loaded = session_json.load_session(session)
    label = None if queue else playlist_name(name if name is not None else loaded.profile)
    folders = [PathMap.parse(each) for each in maps]
    sought = known_tracks(loaded, _known(loaded, library))
    password = partial(_password, target, PASSWORD_VARIABLE)
    with ExitStack() as stack:
        if queue:
            if not has_queue(target):
                raise click.UsageError("--queue is for MPD: Subsonic servers keep playlists only.")
            player = stack.enter_context(connect_queue(target, password))
            server: Server = player
        else:
            server = stack.enter_context(connect(target, password, insecure=insecure))
        folders = folders or _own_folder(server)
        found = find_keys(sought, server, folders)
        keys = [key for key in found if isinstance(key, str)]
        missing = [each for each in found if not isinstance(each, str)]
        document = {
            "target": target,
            "name": label,
            "pushed": 0,
            "unmatched": [_document(each) for each in missing],
        }
        for each in missing:
            click.echo(shown(f"{each.why}: {each.track.title} ({each.track.path})"), err=True)
        if not keys or (missing and not allow_missing):
            if as_json:
                print_json(document)
            raise ServerError(_refusal(len(missing), len(found), any_left=bool(keys)))
        if label is None:
            count = player.enqueue(keys, crossfade, replay_gain)
        else:
            count = server.replace(label, keys)
    if as_json:
        print_json(document | {"pushed": count})
    place = "the queue" if label is None else f"'{label}'"
    click.echo(shown(f"{count} of {len(found)} tracks are in {place} on {target}."), err=as_json)


def push_rest(  # noqa: PLR0913 - what is to be played, and where
    session: "Session",
    current: "Slot",
    target: str,
    maps: Sequence[str],
    library: str | None,
    *,
    skip: bool,
) -> int:
    """Have the MPD at `target` play a session behind the current track; return the count.

    `session` begins behind that track. Nothing is changed if anything fails.
    """
    from playlist_builder.path_map import PathMap
    from playlist_builder.servers.connect import connect_queue
    from playlist_builder.servers.match import find_keys, known_tracks

    whole = replace(session, slots=(current, *session.slots))
    folders = [PathMap.parse(each) for each in maps]
    with ExitStack() as stack:
        player = stack.enter_context(
            connect_queue(target, partial(_password, target, PASSWORD_VARIABLE))
        )
        found = find_keys(
            known_tracks(whole, _known(whole, library)), player, folders or _own_folder(player)
        )
        keys = [key for key in found if isinstance(key, str)]
        for each in found:
            if not isinstance(each, str):
                click.echo(shown(f"{each.why}: {each.track.title} ({each.track.path})"), err=True)
        if len(keys) < len(found):
            raise ServerError(
                f"{len(found) - len(keys)} of {len(found)} tracks are not known on the server, so"
                " nothing was changed. Say where its music lies with --map FROM=TO."
            )
        return player.follow(keys[0], keys[1:], skip=skip)


def _refusal(missing: int, total: int, *, any_left: bool) -> str:
    told = f"{missing} of {total} tracks are not known on the server, so nothing was pushed."
    if not total:
        return "The session holds no tracks, so nothing was pushed."
    mend = "Say where its music lies with --map FROM=TO, or let it read new files"
    return (
        f"{told} {mend}, or leave them out with --allow-missing." if any_left else f"{told} {mend}."
    )


def _document(each: "Unmatched") -> dict[str, str]:
    return {"title": each.track.title, "path": each.track.path, "why": each.why}


def _known(session: "Session", library: str | None) -> "Mapping[str, tuple[Tags, float]]":
    """Return what the library has on the tracks of a session, if there is a library."""
    from playlist_builder.library.library import default_path

    path = library or os.fspath(default_path())
    if not os.path.exists(path):  # opening it would make one
        return {}
    identities = {slot.identity for slot in (*session.slots, *session.tail)}
    with open_library(path) as opened:
        tracks = opened.tracks(missing=True).by_identity()
    known = [tracks[identity] for identity in identities if identity in tracks]
    return {track.identity: (track.tags, track.duration_s) for track in known}


def _own_folder(server: "Server") -> "list[PathMap]":
    """Map the music folder of a server on this machine that says where it is."""
    from playlist_builder.path_map import PathMap

    folder = server.music_folder()
    return [] if folder is None else [PathMap(folder, "")]


def _password(target: str, *variables: str) -> str:
    """Return the password for a target: from the environment, the keyring or a prompt."""
    for variable in variables:
        if os.environ.get(variable):
            return os.environ[variable]
    kept = _kept(target)
    if kept:
        return kept
    if not _is_interactive():
        raise ServerError(
            f"{target} needs a password. Set {variables[-1]}, or keep it with:"
            f" keyring set {KEYRING_SERVICE} {target}"
        )
    prompted: str = click.prompt(f"Password for {target}", hide_input=True, err=True)
    return prompted


def _is_interactive() -> bool:
    """Whether someone is there to be asked."""
    return sys.stdin.isatty()


def _kept(target: str) -> str | None:
    """Return what the system's keyring holds for a target, if there is one."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        return None
    try:
        password: str | None = keyring.get_password(KEYRING_SERVICE, target)
    except KeyringError:  # no keyring, or it stays closed
        return None
    return password


COMMANDS = (push,)
