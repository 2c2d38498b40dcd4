"""How each player wants the entries of its playlists: a `Dialect`.

The dialects were tried with MPD 0.23.12, mpv 0.35.1, VLC 3.0 and Audacious 4.2, and read in the
sources of Kodi, Navidrome, Jellyfin and Strawberry; the others are as documented.

No playlist tells VLC or mpv how loud to play a track, so that this can only be in the files. Tried
with a tone of -20.00 dBFS, by what `vlc --aout=afile` and `mpv --ao=pcm` wrote of it:

- VLC 3.0.24 ignores `#EXTVLCOPT` and `vlc:option` for `gain`, `gain-value`, `volume`,
  `audio-filter`, `audio-replay-gain-mode`, `-default` and `-preamp`, `equalizer-preamp` and
  `norm-max-level` as "unsafe": -20.00 in M3U and in XSPF, while `start-time` there is heeded.
  `:gain-value=0.25` behind a file on its command line leaves -20.00 as well; `--audio-filter=gain
  --gain-value=0.25`, for all tracks, gives -32.04.
- mpv 0.35.1 passes over `#EXTVLCOPT`, a gain in an EDL and that of a CUE sheet: -20.00. It refuses
  `av://lavfi:amovie=a.wav,volume=-12dB` in a playlist, but with `--load-unsafe-playlists`, which
  lets a playlist open anything (-32.00). `a.wav.conf` beside a file is read with
  `--use-filedir-conf` alone (-32.00), and would lie among the music.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from playlist_builder.files.path_map import PathMap, best_map
from playlist_builder.language.translation import Phrase

NormalForm = Literal["keep", "nfc", "nfd"]

FORMAT_NAMES = {  # what a message calls each format of `formats.FORMATS`
    ".m3u8": Phrase("An M3U playlist"),
    ".m3u": Phrase("An M3U playlist"),
    ".pls": Phrase("A PLS playlist"),
    ".xspf": Phrase("An XSPF playlist"),
    ".jspf": Phrase("A JSPF playlist"),
    ".csv": Phrase("A CSV table"),
    ".json": Phrase("A session file"),
}

SUFFIXES = tuple(FORMAT_NAMES)

BLANK = r"[\s\x00-\x1f\x7f-\x9f]"
_BLANK_NAME = rf"(?:\A|/){BLANK}|{BLANK}(?:/|\Z)"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a player wants its playlists; the defaults are what most players read."""

    player: str = ""
    suffixes: tuple[str, ...] = SUFFIXES  # the formats that it reads
    codepage: str = "cp1252"  # of `.m3u`, as in Winamp and devices; `utf-8-sig` has a mark
    uris: frozenset[str] = frozenset({".xspf", ".jspf"})  # formats whose entries are URIs
    falls_back_to_uri: bool = False  # `file://` replaces a path that is not one line
    backslashes: bool = False
    dot_slash: bool = True  # `./` may stand before a name that would be misread
    never_found: tuple[str, str] | None = None  # pattern of paths, and the reason
    line_bytes: int | None = None  # it takes a longer line for two entries
    absolute: bool = False
    relative_to: str | None = None  # folder of entries, at the player; else the playlist's
    path_maps: tuple[PathMap, ...] = ()  # folders here and at the player; the longest wins
    normal_form: NormalForm = "keep"  # of Unicode; on Linux another form is another file
    levels: bool = False  # whether it makes all tracks equally loud unless told otherwise
    parts_in: tuple[str, ...] = ()  # formats by which it plays a part of a track
    without_files: bool = False  # a list of works alone, which names no file
    elsewhere: bool = (
        False  # whether it is on another device, to which the folder of a playlist goes
    )


ANY = Dialect()  # the safe default: what the format itself says, and most players read
WORKS = Dialect(suffixes=(".xspf", ".jspf", ".csv"), without_files=True)
"""A list of works to share with those who have their own copies."""

_M3U = (".m3u8", ".m3u")
_LISTS = (*_M3U, ".pls", ".xspf")
_BACKSLASH = (r"\\", Phrase("it takes the backslash in its name for a slash"))

PLAYERS: Mapping[str, Dialect] = {  # player to its dialect
    dialect.player: dialect
    for dialect in (
        # Some of its players take no `./`.
        Dialect("android", _M3U, "utf-8", dot_slash=False, elsewhere=True),
        # Without the mark it takes `.m3u` for the codepage of Windows.
        Dialect("foobar2000", _M3U, "utf-8-sig", backslashes=True, never_found=_BACKSLASH),
        # VLC, as nothing else there plays a list of files; it reads every entry as a URI.
        Dialect("iphone", _M3U, "utf-8", uris=frozenset(_M3U), elsewhere=True),
        # Its web client applies the gain of each track (`selectAudioNormalization`).
        Dialect("jellyfin", (*_M3U, ".pls"), "utf-8", levels=True),
        Dialect("kodi", _LISTS, "utf-8", line_bytes=1023),
        # It reads percent signs as they stand, even in XSPF, and has no names with outer blanks.
        Dialect(
            "mpd",
            _LISTS,
            "utf-8",
            uris=frozenset(),
            never_found=(
                _BLANK_NAME,
                Phrase("it passes over names that begin or end with a blank"),
            ),
            line_bytes=4095,
        ),
        # It decodes percent signs behind `file://` alone.
        Dialect("mpv", (*_M3U, ".pls"), "utf-8", falls_back_to_uri=True),
        Dialect("navidrome", _M3U, "utf-8"),
        Dialect("plex", _M3U, "utf-8", absolute=True),
        # Latin-1 is the codepage that the device starts with.
        Dialect("rockbox", _M3U, "iso-8859-1"),
        Dialect("strawberry", _LISTS, "utf-8", uris=frozenset(), never_found=_BACKSLASH),
        # It reads every entry as a URI, so `#` and `%20` are only safe in percent signs.
        Dialect("vlc", _LISTS, "utf-8", uris=frozenset(_LISTS), parts_in=(*_M3U, ".xspf")),
    )
}


def is_codepage(name: str) -> bool:
    """Return whether Python knows a codepage `name` that keeps the syntax of M3U readable."""
    try:
        return "#EXTM3U\n./%".encode(name).removeprefix(b"\xef\xbb\xbf") == b"#EXTM3U\n./%"
    except (LookupError, ValueError):  # ValueError: a null byte in the name
        return False


def unmapped(paths: tuple[str, ...], dialect: Dialect) -> list[str]:
    """Return those of `paths` that lie in none of the folders that `dialect` maps."""
    return [path for path in paths if best_map(path, dialect.path_maps) is None]


def left_behind(paths: tuple[str, ...], folder: str, dialect: Dialect) -> list[str]:
    """Return those of `paths` that are not found on another device, to which `folder` goes."""
    if not dialect.elsewhere or dialect.relative_to is not None:
        return []
    return [
        path
        for path in paths
        if best_map(path, dialect.path_maps) is None
        and (dialect.absolute or not PurePath(path).is_relative_to(folder))
    ]
