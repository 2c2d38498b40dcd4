"""Text to file names that FAT32, exFAT, NTFS, HFS+ and ext4 can all hold.

`#`, and `%` before two hex digits, are replaced too: VLC reads an entry of a playlist as a URI.
"""

import re
import unicodedata

from playlist_builder.language.text import UNPRINTED, replaced

NAME_UNITS = 200  # of UTF-16. 255 are possible, but Windows holds 260 for the whole path
NAME_BYTES = 240  # of UTF-8. ext4 takes 255; what is left is for a number behind the name

_RESERVED = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*#]|%(?=[0-9A-Fa-f]{2})')
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9\u00b9\u00b2\u00b3]) *(?:\.|\Z)",
    re.IGNORECASE,
)
_UNSHOWN = UNPRINTED | {"Cn"}
_JOINED = frozenset({"Mn", "Me", "Mc", "Cf"})


def safe(text: str, suffix: str = "") -> str:
    """Return a file name made of `text`, cut where it is too long, and `suffix`, such as `.mp3`.

    A `suffix` that is itself not safe is made so. The name is never empty or a device of Windows.
    """
    suffix = _plain(suffix).rstrip(". ")
    stem = _cut(_plain(text).strip(" ."), suffix) or "_"
    return f"{stem}_{suffix}" if _DEVICE.match(stem + suffix) else stem + suffix


def key(name: str) -> str:
    """Return a key that is equal for names that collide where case or composition is ignored."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def numbered(name: str, number: int) -> str:
    """Return a numbered variant of a safe name: `a.mp3` with 2 gives `a (2).mp3`."""
    stem, dot, suffix = name.rpartition(".")
    tail = f" ({number}){dot}{suffix}" if stem else f" ({number})"
    return safe((stem or name)[: NAME_UNITS - len(tail)], "") + tail


def _plain(text: str) -> str:
    """Return `text` composed, with `_` for what no file system or playlist can hold."""
    composed = unicodedata.normalize("NFC", text)
    shown = replaced(composed, _UNSHOWN, "_")
    return re.sub(r"\s+", " ", _RESERVED.sub("_", shown))


def _cut(stem: str, suffix: str) -> str:
    """Return the stem, shortened until it fits with its suffix, never between letter and accent."""
    if not _fits(stem + suffix):
        low, high = 0, len(stem)
        while low < high:  # bisection: a tag may be as long as a book
            middle = (low + high + 1) // 2
            low, high = (middle, high) if _fits(stem[:middle] + suffix) else (low, middle - 1)
        while low and low < len(stem) and unicodedata.category(stem[low]) in _JOINED:
            low -= 1
        stem = stem[:low]
    return stem.rstrip(" .")


def _fits(name: str) -> bool:
    return len(name.encode("utf-16-le")) <= 2 * NAME_UNITS and len(name.encode()) <= NAME_BYTES
