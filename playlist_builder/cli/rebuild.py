"""The command that builds a stored session again: rebuild."""

from collections.abc import Sequence
from dataclasses import replace

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.build import build_sessions
from playlist_builder.cli.export import renewal
from playlist_builder.cli.main import main
from playlist_builder.cli.request import stored_request
from playlist_builder.errors import SessionError


@main.command()
@options.session_argument
@options.outputs_option("Write the new session to this playlist as well.")
@options.dry_run_option
@options.session_library_option
@options.json_option
def rebuild(
    session: str, outputs: Sequence[str], library: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Make SESSION (.json) again as it was asked for, from what the library holds now.

    The session file is replaced, and no folder is scanned: see 'scan'. A profile that has been
    edited since counts as it is now. Files that are not there are left out, and that is told. In a
    history it is another session, unless it was made within the last hour and not rated: what has
    been played stays there, and is not played again within its time.
    """
    before = api.load_session(session)
    request = stored_request(before, session, library)
    if request.name is not None:
        request = replace(request, asked_at=options.now())
    number = request.alternative
    after = build_sessions(
        request,
        (session, *outputs),
        range(number, number + 1),
        scans=False,
        dry_run=dry_run,
        as_json=as_json,
    )
    if not after:
        raise SessionError(
            f"The library holds no alternative number {number} any more; {session!r} is untouched."
        )
    known = {slot.identity for slot in (*before.slots, *before.tail)}
    plays = [slot.identity for slot in (*after[0].slots, *after[0].tail)]
    new = sum(identity not in known for identity in plays)
    output.print_message(f"{new} of {len(plays)} tracks are new.")
    if not dry_run and (told := renewal(session, outputs)):
        output.print_message(told)
