"""The command that builds a session again: rebuild."""

from collections.abc import Sequence
from dataclasses import replace

import click

from playlist_builder.cli import options, output
from playlist_builder.cli.build import select
from playlist_builder.cli.change import print_change, save_change
from playlist_builder.cli.language import ngettext
from playlist_builder.cli.main import main
from playlist_builder.cli.request import stored_request
from playlist_builder.cli.session import open_session
from playlist_builder.cli.written import content, remember, write_contents
from playlist_builder.errors import SessionError


@main.command()
@options.session_argument
@options.outputs_option("Write the new session to this playlist as well.")
@options.notes_option
@options.dry_run_option
@options.session_options
def rebuild(
    session: str | None,
    outputs: Sequence[str],
    library: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make SESSION again as it was asked for, from what the library holds now.

    It takes the place of the one before, to which 'undo' steps back. No folder is scanned: see
    'scan'. A profile that has been edited since counts as it is now. Files that are not there are
    left out, and that is told. In a history it is another session, unless it was made within the
    last hour and not rated: what has been played stays there, and is not played again within its
    time.
    """
    from playlist_builder.playlists import session_json, session_states
    from playlist_builder.sessions.build import build_alternatives
    from playlist_builder.sessions.difference import difference

    given = open_session(session, library)
    before = given.session
    request = stored_request(before, given.label, given.library)
    if request.name is not None:
        request = replace(request, asked_at=options.now())
    number = request.alternative
    selection, (own,) = select(
        request, outputs, [outputs], written=given.files or ["-"], scans=False, as_json=as_json
    )
    made = build_alternatives(selection, number)
    if len(made) < number:
        raise SessionError(
            "The library holds no alternative number {number} any more; {label!r} is untouched.",
            number=number,
            label=given.label,
        )
    after = made[number - 1]
    after = replace(after, request=after.request and replace(after.request, session=own))
    known = {slot.identity for slot in (*before.slots, *before.tail)}
    plays = [slot.identity for slot in (*after.slots, *after.tail)]
    new = sum(identity not in known for identity in plays)
    if dry_run:
        output.print_session(after, err=as_json)
        if as_json:
            click.echo(session_json.dump(after), nl=False)
    else:
        is_same = session_json.dump(after) == session_json.dump(before)
        text = given.text if is_same else session_states.dump_with_undo(after, given.text)
        after, told = save_change(given, text, written=outputs)
        contents = [content(after, text, file, {}) for file in outputs]
        remember(given, contents)
        print_change(given, after, difference(before, after), told, as_json=as_json)
        write_contents(after, contents)
    output.print_message(
        ngettext(
            "{new} of {count} track is new.", "{new} of {count} tracks are new.", len(plays)
        ).format(new=new, count=len(plays))
    )
