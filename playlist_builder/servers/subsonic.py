"""A music server of the OpenSubsonic API: Navidrome, gonic, Airsonic, supysonic and others.

A new playlist is made whole under a temporary name, read back, and then given its name. Only after
that are the old ones deleted, so that a server may die at any moment. If it dies before the last
step, both are there whole, and the next push removes those with our comment.
"""

from collections.abc import Iterable, Mapping, Sequence

from playlist_builder.errors import ServerError
from playlist_builder.language.translation import Phrase
from playlist_builder.servers.checks import ending_in, finite_seconds, playlist_name
from playlist_builder.servers.match import TRACK_LIMIT, Candidate, KnownTrack
from playlist_builder.servers.subsonic_http import (
    Connection,
    RefusedError,
    SubsonicAddress,
    key_of,
    object_of,
    objects_of,
)

PAGE = 500  # tracks asked for at once: the most that Subsonic gives
PAGES_PER_TITLE = 4
COMMENT = "Made by playlist-builder"  # a push may remove a playlist with this mark

_NEW = " (new, by playlist-builder)"


class Subsonic:
    """A server of the OpenSubsonic API. Every method raises `ServerError`."""

    def __init__(self, where: SubsonicAddress, password: str) -> None:
        self._where = where
        self._call = Connection(where, password).request

    def music_folder(self) -> str | None:
        """Return None: the API does not say where the music lies."""
        return None

    def search(self, track: KnownTrack, path: str) -> Iterable[Candidate]:  # noqa: ARG002 - the API has no search by path
        """Return tracks whose title is like this one, as far as the server's search finds them."""
        if track.title:
            yield from self._pages(track.title, PAGES_PER_TITLE)

    def list_all(self) -> Iterable[Candidate]:
        """Return all tracks, up to `TRACK_LIMIT`; some servers give none."""
        try:
            yield from self._pages("", TRACK_LIMIT // PAGE)
        except RefusedError:  # an empty search is OpenSubsonic, older servers refuse it
            return

    def replace(self, name: str, keys: Sequence[str]) -> int:
        """Make the user's playlist `name` hold `keys`, or leave it as it was."""
        name = playlist_name(name)
        new_name = name + _NEW
        with ending_in(Phrase("The playlist '{name}' is as it was.", name=name)):
            olds = self._old_playlists(name)
            for left in self._own(new_name):  # by an interrupted push
                self._call("deletePlaylist", [("id", key_of(left))])
            self._call("createPlaylist", [("name", new_name), *(("songId", key) for key in keys)])
            new = self._created_id(new_name)
            try:
                is_public = any(old.get("public") is True for old in olds)
                public = [("public", "true")] if is_public else []
                self._call("updatePlaylist", [("playlistId", new), ("comment", COMMENT), *public])
                self._check(new, new_name, keys)
            except ServerError:
                self._try_to_delete(new)
                raise
        unsure = Phrase(
            "The playlist '{name}' may be the old one, the new one or both, but each is whole; push"
            " again.",
            name=name,
        )
        with ending_in(unsure):
            self._call("updatePlaylist", [("playlistId", new), ("name", name)])
            self._check(new, name, keys)
            for old in olds:
                self._call("deletePlaylist", [("id", key_of(old))])
            self._check(new, name, keys)
            held = [key_of(each) for each in self._own(name)]
            if held != [new]:
                raise ServerError(
                    "{where} keeps {count} playlists of the name '{name}'.",
                    where=self._where,
                    count=len(held),
                    name=name,
                )
        return len(keys)

    def _old_playlists(self, name: str) -> list[Mapping[str, object]]:
        """Return the user's playlists of this name: one of any kind, and any that we made."""
        olds = self._own(name)
        others = [old for old in olds if old.get("comment") != COMMENT]
        if len(others) > 1:
            raise ServerError(
                "{where} keeps {count} playlists of the name '{name}'. Rename all but one, or"
                " give another --name.",
                where=self._where,
                count=len(others),
                name=name,
            )
        return olds

    def _own(self, name: str) -> list[Mapping[str, object]]:
        answer = self._call("getPlaylists")
        user = self._where.user
        return [
            each
            for each in objects_of(object_of(answer.get("playlists", {})).get("playlist", []))
            if each.get("name") == name
            and str(each.get("owner", user)).casefold() == user.casefold()
        ]

    def _created_id(self, name: str) -> str:
        """Return the id of the playlist just made; servers before 1.14 do not answer with it."""
        found = self._own(name)
        if len(found) != 1:
            raise ServerError(
                "{where} took the new playlist, but does not list it.", where=self._where
            )
        return key_of(found[0])

    def _check(self, key: str, name: str, keys: Sequence[str]) -> None:
        playlist = object_of(self._call("getPlaylist", [("id", key)]).get("playlist"))
        held = [key_of(entry) for entry in objects_of(playlist.get("entry", []))]
        if held != list(keys):
            raise ServerError(
                "{where} reads back {count} tracks, which are not the {total} that were sent.",
                where=self._where,
                count=len(held),
                total=len(keys),
            )
        if playlist.get("name") != name:
            raise ServerError(
                "{where} does not keep the name '{name}'. Give another --name.",
                where=self._where,
                name=name,
            )

    def _try_to_delete(self, key: str) -> None:
        """Delete a playlist after a failure, if the server still answers."""
        try:
            self._call("deletePlaylist", [("id", key)])
        except ServerError:
            return  # the next push deletes it

    def _pages(self, title: str, pages: int) -> Iterable[Candidate]:
        seen: set[str] = set()
        for page in range(pages):
            fields = [("query", title), ("artistCount", "0"), ("albumCount", "0")]
            fields += [("songCount", str(PAGE)), ("songOffset", str(page * PAGE))]
            answer = self._call("search3", fields)
            songs = objects_of(object_of(answer.get("searchResult3", {})).get("song", []))
            fresh = [each for each in map(_candidate, songs) if each.key not in seen]
            yield from fresh
            seen.update(each.key for each in fresh)
            if len(songs) < PAGE or not fresh:
                return


def _candidate(song: Mapping[str, object]) -> Candidate:
    return Candidate(
        key=key_of(song),
        path=_text(song.get("path")),
        title=_text(song.get("title")),
        artist=_text(song.get("artist")) or _text(song.get("displayArtist")),
        album=_text(song.get("album")),
        duration_s=finite_seconds(song.get("duration")),
        recording_id=_text(song.get("musicBrainzId")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
