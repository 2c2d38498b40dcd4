"""XSPF as it is read: bytes to tracks, to where their locations stand, and to our own fields."""

from xml.parsers import expat

from playlist_builder.errors import PlaylistError
from playlist_builder.playlists.entry import (
    DEPTH_LIMIT,
    ENTRIES_LIMIT,
    Entry,
    is_remote,
    seconds,
)
from playlist_builder.playlists.identity import APPLICATION


class XspfReader:
    """The tracks of an XSPF file; declared entities, which can grow without limit, are refused.

    `tracks` holds the elements of each track by name, each with its text and where that stands in
    bytes; `fields` our own fields of each track, and `session` those of the session.
    """

    def __init__(self, name: str, offset: int) -> None:
        self.tracks: list[dict[str, list[tuple[str, int, int]]]] = []
        self.fields: list[dict[str, str]] = []
        self.session: dict[str, str] = {}
        self._name = name
        self._offset = offset
        self._stack: list[str] = []
        self._text: list[str] = []
        self._start: int | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartCdataSectionHandler = self._mark
        self._parser.CommentHandler = self._mark
        self._parser.ProcessingInstructionHandler = self._mark
        self._parser.EntityDeclHandler = self._refuse

    def read(self, data: bytes) -> None:
        """Read a whole file; raises `PlaylistError` where it is not sound, or too large."""
        try:
            self._parser.Parse(data, True)  # noqa: FBT003 - expat takes it by place alone
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise PlaylistError(
                "Playlist {name!r} is not sound XML: {error}.", name=self._name, error=error
            ) from error

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        self._stack.append(tag.rpartition(" ")[2])
        if tag == f"{APPLICATION} slot" and self.fields:
            self.fields[-1] = attributes
        elif tag == f"{APPLICATION} session":
            self.session = attributes
        if len(self._stack) > DEPTH_LIMIT:
            raise PlaylistError(
                "Playlist {name!r} is nested too deeply for a playlist.", name=self._name
            )
        if self._stack[-2:] == ["trackList", "track"]:
            self.tracks.append({})
            self.fields.append({})
            if len(self.tracks) > ENTRIES_LIMIT:
                raise PlaylistError(
                    "Playlist {name!r} holds more than {most} entries.",
                    name=self._name,
                    most=ENTRIES_LIMIT,
                )
        self._text, self._start = [], None

    def _close(self, _: str) -> None:
        name = self._stack.pop()
        if self._stack[-2:] == ["trackList", "track"] and self._start is not None:
            end = self._offset + self._parser.CurrentByteIndex
            found = ("".join(self._text).strip(), self._start, end)
            self.tracks[-1].setdefault(name, []).append(found)
        self._text, self._start = [], None

    def _characters(self, text: str) -> None:
        self._mark()
        self._text.append(text)

    def _mark(self, *_: object) -> None:
        if self._start is None:
            self._start = self._offset + self._parser.CurrentByteIndex

    def _refuse(self, *_: object) -> None:
        raise PlaylistError(
            "Playlist {name!r} declares entities, which no playlist needs.", name=self._name
        )


def read_xspf(data: bytes, name: str) -> XspfReader:
    """Return what was read of a file; raises `PlaylistError` where it is not sound."""
    body = data.lstrip(b" \t\r\n")  # expat takes blanks before the declaration for an error
    reader = XspfReader(name, len(data) - len(body))
    reader.read(body)
    return reader


def entries_of(data: bytes, name: str) -> list[Entry]:
    """Return the entries; of several locations, the first that is a file."""
    entries: list[Entry] = []
    for track in read_xspf(data, name).tracks:
        found = [each for each in track.get("location", ()) if each[0]]
        if not found:
            continue
        location, start, end = next((e for e in found if not is_remote(e[0])), found[0])
        (title, *_), *_ = track.get("title") or [("", 0, 0)]
        creator = (track.get("creator") or [("", 0, 0)])[0][0]
        length = (track.get("duration") or [("", 0, 0)])[0][0]
        shown = " - ".join(filter(None, (creator, title)))
        entries.append(Entry(location, shown, seconds(length, 0.001), (start, end), is_uri=True))
    return entries
