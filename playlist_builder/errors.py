"""The errors a caller may catch. Every message is one line: what, which, what to do next."""

from gettext import NullTranslations
from typing import Any

from playlist_builder.language import translation
from playlist_builder.language.text import LINE_LIMIT, one_line


class PlaylistBuilderError(Exception):
    """Anything that a user can correct; its text is one line for a person.

    The message is a template of the values, where there are any; `str` is the English text.
    """

    def __init__(self, message: str = "", /, **values: Any) -> None:  # noqa: ANN401 - as `format`
        """Values that are errors or notices are told in the language of the whole."""
        super().__init__(message)
        self.values = values

    def __str__(self) -> str:
        return self.in_language(translation.ENGLISH)

    def in_language(self, catalogue: NullTranslations) -> str:
        """Return the error as text, in the language of a catalogue where that holds it."""
        (message,) = self.args
        text = catalogue.gettext(message) if message else ""
        return translation.filled(text, self.values, catalogue) if self.values else text


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


class RequestError(PlaylistBuilderError):
    """What was asked for cannot be understood."""


class NotThereError(RequestError):
    """What was asked for is understood, and names something that is not there."""


class ArrangeError(PlaylistBuilderError):
    """The tracks at hand cannot fill the session that was asked for."""


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
