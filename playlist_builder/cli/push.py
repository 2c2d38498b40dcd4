"""The command that gives a session to a music server: push.

Only here are secrets asked for. They are no options: every user of a machine reads command lines.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _
from playlist_builder.cli.library import library_of, open_existing
from playlist_builder.cli.main import main
from playlist_builder.cli.session import open_session, warn_banned
from playlist_builder.errors import ServerError
from playlist_builder.files.path_map import PathMap

if TYPE_CHECKING:
    from playlist_builder.servers.match import KnownTrack, Server, Unmatched

KEYRING_SERVICE = "playlist-builder"
PASSWORD_VARIABLE = "PLAYLIST_BUILDER_PASSWORD"  # noqa: S105 - where it is, not what it is


@main.command()
@options.session_argument
@click.argument("target")
@click.option(
    "--name",
    help="The playlist's name on the server; that of the session, or its profile, if not given.",
)
@click.option("--queue", is_flag=True, help="MPD: fill the queue, not a stored playlist.")
@click.option(
    "--crossfade",
    type=options.crossfade,
    metavar="DURATION",
    help="MPD, with --queue: fade so long from track to track, such as 5s.",
)
@click.option(
    "--replay-gain",
    type=click.Choice(["off", "track", "album"]),
    help="MPD, with --queue: even out loudness.",
)
@options.maps_option(
    "Folder FROM is TO on the server; empty if it is the server's music folder. Repeatable."
)
@click.option("--allow-missing", is_flag=True, help="Push without the tracks it does not have.")
@click.option("--insecure", is_flag=True, help="Allow a login that can be read on the way there.")
@options.session_options
def push(
    session: str | None,
    target: str,
    name: str | None,
    crossfade: float | None,
    replay_gain: Any,
    maps: Sequence[PathMap],
    library: str | None,
    *,
    queue: bool,
    allow_missing: bool,
    insecure: bool,
    as_json: bool,
) -> None:
    """Give SESSION to the music server at TARGET, as a playlist.

    \b
    mpd://host[:port]              MPD; mpd:///path for its local socket
    subsonic+https://user@host     Navidrome, gonic, Airsonic, supysonic, ...

    A playlist of that name is replaced, or left as it was if anything fails. Tracks are known by
    path, by MusicBrainz recording, or by title, artist and length. A password comes from
    PLAYLIST_BUILDER_PASSWORD (MPD also: MPD_PASSWORD), the system's keyring, or a prompt.
    """  # noqa: D301 - the backspace is how click is told to keep lines
    from playlist_builder.servers.checks import playlist_name
    from playlist_builder.servers.connect import connect, connect_queue, has_queue
    from playlist_builder.servers.match import known_tracks

    if not queue and (crossfade is not None or replay_gain is not None):
        raise click.UsageError(_("--crossfade and --replay-gain need --queue."))
    if queue and name is not None:
        raise click.UsageError(_("The queue has no name: leave out --name or --queue."))
    given = open_session(session, library)
    fade_s = None if crossfade is None else round(crossfade)
    loaded, own = given.session, given.kept.name if given.kept else ""
    label = None if queue else playlist_name(name if name is not None else own or loaded.profile)
    sought = known_tracks(loaded, _known(loaded, given.library))
    password = password_of(target)
    with ExitStack() as stack:
        if queue:
            if not has_queue(target):
                raise click.UsageError(
                    _("--queue is for MPD: Subsonic servers keep playlists only.")
                )
            player = stack.enter_context(connect_queue(target, password, insecure=insecure))
            server: Server = player
        else:
            server = stack.enter_context(connect(target, password, insecure=insecure))
        keys, missing = _located(sought, server, maps)
        document = {
            "target": target,
            "name": label,
            "pushed": 0,
            "unmatched": [
                {"title": each.track.title, "path": each.track.path, "why": each.why}
                for each in missing
            ],
        }
        if not keys or (missing and not allow_missing):
            if as_json:
                output.print_json(document)
            raise _refusal(len(missing), len(sought), any_left=bool(keys))
        if label is None:
            count = player.enqueue(keys, fade_s, replay_gain)
        else:
            count = server.replace(label, keys)
    if as_json:
        output.print_json(document | {"pushed": count})
    place = _("the queue") if label is None else f"'{label}'"
    warn_banned(given, given.session)
    output.print_text(
        _("{count} of {total} tracks are in {place} on {target}.").format(
            count=count, total=len(sought), place=place, target=target
        ),
        err=as_json,
    )
    output.tell_silences(given.session)
    output.tell_steps(given.session, levelled=replay_gain in {"track", "album"})


def push_rest(
    session: "api.Session",
    current: "api.Slot",
    target: str,
    maps: Sequence[PathMap],
    library: str | None,
    *,
    skip: bool,
    insecure: bool,
) -> int:
    """Have the MPD at `target` play a session behind the current track; return the count.

    `session` begins behind that track. Nothing is changed if anything fails.
    """
    from playlist_builder.servers.connect import connect_queue
    from playlist_builder.servers.match import known_tracks

    whole = replace(session, slots=(current, *session.slots))
    password = password_of(target)
    with connect_queue(target, password, insecure=insecure) as player:
        sought = known_tracks(whole, _known(whole, library))
        keys, missing = _located(sought, player, maps)
        if missing:
            raise ServerError(
                "{count} of {total} tracks are not known on the server, so nothing was"
                " changed. Say where its music lies with --map FROM=TO.",
                count=len(missing),
                total=len(sought),
            )
        return player.follow(keys[0], keys[1:], skip=skip)


def _located(
    sought: "Sequence[KnownTrack]", server: "Server", maps: Sequence[PathMap]
) -> "tuple[list[str], list[Unmatched]]":
    """Return the keys of the tracks on a server, and those it does not have, which are printed.

    Without maps, the music folder that a server on this machine tells of is mapped.
    """
    from playlist_builder.servers.match import find_keys

    folder = None if maps else server.music_folder()
    found = find_keys(sought, server, maps if folder is None else [PathMap(folder, "")])
    missing = [each for each in found if not isinstance(each, str)]
    words = {"ambiguous": _("ambiguous"), "not found": _("not found")}
    for each in missing:
        output.print_message(
            _("{why}: {title} ({path})").format(
                why=words[each.why], title=each.track.title, path=each.track.path
            )
        )
    return [each for each in found if isinstance(each, str)], missing


def _refusal(missing: int, total: int, *, any_left: bool) -> ServerError:
    if not total:
        return ServerError("The session holds no tracks, so nothing was pushed.")
    if any_left:
        return ServerError(
            "{count} of {total} tracks are not known on the server, so nothing was pushed. Say"
            " where its music lies with --map FROM=TO, or let it read new files, or leave them out"
            " with --allow-missing.",
            count=missing,
            total=total,
        )
    return ServerError(
        "{count} of {total} tracks are not known on the server, so nothing was pushed. Say where"
        " its music lies with --map FROM=TO, or let it read new files.",
        count=missing,
        total=total,
    )


def _known(session: "api.Session", library: str | None) -> "Mapping[str, tuple[api.Tags, float]]":
    """Return what the library has on the tracks of a session, if there is a library."""
    identities = {slot.identity for slot in (*session.slots, *session.tail)}
    with open_existing(library_of(session, library)) as opened:
        tracks = opened.tracks(missing=True).by_identity() if opened is not None else {}
    known = [tracks[identity] for identity in identities if identity in tracks]
    return {track.identity: (track.tags, track.duration_s) for track in known}


def password_of(target: str) -> Callable[..., str]:
    """Return what gives the password for a target, called with further variables to look in."""
    return partial(_password, target, PASSWORD_VARIABLE)


def _password(target: str, *variables: str) -> str:
    """Return the password for a target: from the environment, the keyring or a prompt."""
    for variable in variables:
        if os.environ.get(variable):
            return os.environ[variable]
    if stored := _stored_password(target):
        return stored
    if not _is_interactive():
        raise ServerError(
            "{target} needs a password. Set {variable}, or keep it with: keyring set"
            " {service} {target}",
            target=target,
            variable=variables[-1],
            service=KEYRING_SERVICE,
        )
    with output.heeding_interrupts():
        prompted: str = click.prompt(
            _("Password for {target}").format(target=target), hide_input=True, err=True
        )
    return prompted


def _is_interactive() -> bool:
    return sys.stdin.isatty()


def _stored_password(target: str) -> str | None:
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
