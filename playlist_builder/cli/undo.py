"""Commands that step back and forth among the states of a session: undo, redo."""

from playlist_builder.cli import options
from playlist_builder.cli.change import print_change, save_change
from playlist_builder.cli.main import main
from playlist_builder.cli.session import open_session


def _step(step: str, session: str | None, library: str | None, *, as_json: bool) -> None:
    from playlist_builder.playlists import session_states
    from playlist_builder.sessions.difference import stepped

    given = open_session(session, library)
    text = getattr(session_states, step)(given.text, given.label)
    after, told = save_change(given, text)
    print_change(given, after, stepped(given.session, after), told, as_json=as_json)


@main.command()
@options.session_argument
@options.session_options
def undo(session: str | None, library: str | None, *, as_json: bool) -> None:
    """Step back before the last change of SESSION; 'redo' steps forth again."""
    _step("undo", session, library, as_json=as_json)


@main.command()
@options.session_argument
@options.session_options
def redo(session: str | None, library: str | None, *, as_json: bool) -> None:
    """Make the change of SESSION again that 'undo' took back."""
    _step("redo", session, library, as_json=as_json)
