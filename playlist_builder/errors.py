"""The errors a caller may catch. Every message is one line: what, which, what to do next."""

import errno
import math
from collections.abc import Mapping
from gettext import NullTranslations
from typing import Any

from playlist_builder.language.text import LINE_LIMIT, one_line
from playlist_builder.language.translation import Phrase

ENDLESS = 10**18  # from here on nobody reads digits
SYSTEM_REASONS: Mapping[int, Phrase] = {  # as Linux says them, whatever the system
    errno.EACCES: Phrase("Permission denied"),
    errno.EPERM: Phrase("Operation not permitted"),
    errno.ENOENT: Phrase("No such file or directory"),
    errno.EEXIST: Phrase("File exists"),
    errno.EISDIR: Phrase("Is a directory"),
    errno.ENOTDIR: Phrase("Not a directory"),
    errno.ENOTEMPTY: Phrase("Directory not empty"),
    errno.ENAMETOOLONG: Phrase("File name too long"),
    errno.ELOOP: Phrase("Too many levels of symbolic links"),
    errno.ENOSPC: Phrase("No space left on device"),
    errno.EDQUOT: Phrase("Disk quota exceeded"),
    errno.EROFS: Phrase("Read-only file system"),
    errno.EIO: Phrase("Input/output error"),
    errno.EBUSY: Phrase("Device or resource busy"),
    errno.ENXIO: Phrase("No such device or address"),
    errno.ENODEV: Phrase("No such device"),
    errno.EINVAL: Phrase("Invalid argument"),
    errno.ECONNREFUSED: Phrase("Connection refused"),
    errno.ECONNRESET: Phrase("Connection reset by peer"),
    errno.EPIPE: Phrase("Broken pipe"),
    errno.EHOSTUNREACH: Phrase("No route to host"),
    errno.ENETUNREACH: Phrase("Network is unreachable"),
    errno.ETIMEDOUT: Phrase("Connection timed out"),
    errno.ESTALE: Phrase("Stale file handle"),
}


class PlaylistBuilderError(Exception):
    """Anything that a user can correct; its text is one line for a person.

    The message is a template of the values, where there are any; `str` is the English text.
    """

    def __init__(self, message: str = "", /, **values: Any) -> None:  # noqa: ANN401 - as `format`
        """Values that are errors or notices are told in the language of the whole."""
        super().__init__(message)
        self.values = {name: _told(each) for name, each in values.items()}

    @property
    def text(self) -> str:
        """The message with its values, to be told as a part of something else."""
        return self._phrase()

    def _phrase(self) -> Phrase:
        (message,) = self.args
        return message if isinstance(message, Phrase) else Phrase(message, **self.values)

    def __str__(self) -> str:
        return str(self.text)

    def in_language(self, catalogue: NullTranslations) -> str:
        """Return the error as text, in the language of a catalogue where that holds it."""
        return self._phrase().in_language(catalogue)


def _told(value: Any) -> Any:  # noqa: ANN401 - as `format`
    """Return a value as it is told: a whole number of any length by its order of magnitude."""
    if type(value) is int and abs(value) >= ENDLESS:
        return f"{'-' if value < 0 else ''}1e{int(math.log10(abs(value)))}"
    return value


def system_reason(error: OSError) -> str:
    """Return why the system refused something, in words that are translated where it says those."""
    known, said = SYSTEM_REASONS.get(error.errno or 0), error.strerror or str(error)
    return known if known == said else said


def reason_of(error: PlaylistBuilderError | OSError) -> str:
    """Return what an error says, to be told as a part of something else."""
    return error.text if isinstance(error, PlaylistBuilderError) else system_reason(error)


def describe_exception(error: BaseException) -> str:
    """Return an unexpected exception on one line: its type and its message."""
    kind, words = type(error).__name__, one_line(str(error))[:LINE_LIMIT]
    return f"{kind}: {words}" if words else kind


class AudioError(PlaylistBuilderError):
    """A file that cannot be decoded as music; the text is the reason alone, without the path."""


class ModelError(PlaylistBuilderError):
    """The weights of a network are missing, damaged or of another kind."""


class LibraryError(PlaylistBuilderError):
    """The library file cannot be used, or it does not hold the track asked for."""


class ProfileError(PlaylistBuilderError):
    """A profile that does not exist, or whose text is not valid."""


class QueryError(PlaylistBuilderError):
    """A tag query that cannot be read."""


class PlaylistError(PlaylistBuilderError):
    """A playlist file that cannot be read."""


class StoppedError(PlaylistBuilderError):
    """Work was stopped by who had asked for it; nothing was changed."""


class RequestError(PlaylistBuilderError):
    """What was asked for cannot be understood."""


class NotThereError(RequestError):
    """What was asked for is understood, and names something that is not there."""


class ArrangeError(PlaylistBuilderError):
    """The tracks at hand cannot fill the session that was asked for."""


class ShortageError(ArrangeError):
    """Too little music passes the rules; the text counts what each of them removed."""


class ExportError(PlaylistBuilderError):
    """A session that the chosen format or player cannot hold."""


class RenderError(PlaylistBuilderError):
    """A session that cannot be rendered to a recording, or not to that place."""


class ServerError(PlaylistBuilderError):
    """A music server that cannot be reached, refuses, or does not answer as one."""


class ClusterError(PlaylistBuilderError):
    """Machines that cannot be reached, or cannot work on a scan."""


class SessionError(PlaylistBuilderError):
    """A session file that cannot be read."""


class DeskError(PlaylistBuilderError):
    """The page of the desk cannot be served."""


class ReportError(PlaylistBuilderError):
    """A page or picture that cannot be made."""


class CopyError(PlaylistBuilderError):
    """The tracks of a session cannot be copied to the folder that was given."""
