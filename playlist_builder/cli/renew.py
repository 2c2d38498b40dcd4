"""The files of a session after a change of it: written again, or why they stay as they were."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import playlist_builder as api
from playlist_builder.cli import output
from playlist_builder.cli.language import _, told
from playlist_builder.cli.session import PAGES, OpenedSession
from playlist_builder.cli.written import MADE_BY, Content, content, form_of, heard, spares_of
from playlist_builder.errors import ExportError, PlaylistBuilderError, ReportError, system_reason

if TYPE_CHECKING:
    from playlist_builder.library.kept import WrittenFile


def renewals(
    given: OpenedSession, session: "api.Session", text: str
) -> "tuple[list[Content], list[str]]":
    """Return the files of a kept session with their new contents, and why others stay."""
    from playlist_builder.files.companion import is_own

    contents, notes = [], []
    for file in given.kept.files if given.kept is not None else ():
        form, path = form_of(file), output.short_path(file.path)
        if form is None:
            notes.append(
                _("{path} holds the session as it was before; export it again.").format(path=path)
            )
        elif made_by := form.get(MADE_BY):
            if os.path.exists(file.path) and (state := _state_held(given, session, file)):
                notes.append(state.format(path=path, command=made_by))
        elif why := _why_it_stays(given, file, form):
            notes.append(why)
        else:
            try:
                marks = is_own(file.path)
                contents.append(
                    content(session, text, file.path, form, is_marked=marks, kept=given.kept)
                )
            except (ExportError, ReportError) as error:
                notes.append(
                    _("{path} holds the session as it was before: {why}").format(
                        path=path, why=told(error)
                    )
                )
    return contents, notes


def _state_held(given: OpenedSession, session: "api.Session", file: "WrittenFile") -> str:
    """Return what to tell of a recording of a session, nothing where it holds the state of now."""
    from playlist_builder.library.kept import digest_of

    if file.digest == digest_of(heard(session)):
        return ""
    is_before = file.digest in {digest_of(heard(given.session)), digest_of(b"")}
    before = _("{path} holds the session as it was before; make it again with '{command}'.")
    other = _("{path} holds another state of the session; make it again with '{command}'.")
    return before if is_before else other


def rewrite(
    session: "api.Session", contents: Sequence[Content]
) -> "tuple[list[Content], list[str]]":
    """Write files of a session again; return those written, and what there is to tell of each."""
    from playlist_builder.files.companion import write_beside
    from playlist_builder.playlists.write import write_bytes

    written, notes = [], []
    for each in contents:
        path = output.short_path(each.path)
        try:
            spares = spares_of(session, each)
            write_bytes(each.path, each.data)
        except PlaylistBuilderError as error:
            notes.append(
                _("{path} holds the session as it was before: {why}").format(
                    path=path, why=told(error)
                )
            )
            continue
        written.append(each)
        suffix = os.path.splitext(path)[1].lower()
        notes.append(_rewritten(suffix).format(path=path))
        if spares is not None and (why := write_beside(*spares)):
            notes.append(told(why))
    return written, notes


def _rewritten(suffix: str) -> str:
    """Return what to tell of a file that was written again."""
    if suffix in (".json", ".csv"):
        return _("Wrote {path}")
    again = _("Wrote {path}: open it again where a player has it open")
    return _("Wrote {path}: load it again in the browser") if suffix in PAGES else again


def _why_it_stays(given: OpenedSession, file: "WrittenFile", form: Mapping[str, Any]) -> str:
    """Return what to tell of a file that is not written again, mostly nothing.

    It is ours as well where it holds what would be written of the session as it is: it was written,
    and that could not be noted.
    """
    from playlist_builder.library.kept import digest_of

    path = output.short_path(file.path)
    try:
        with open(file.path, "rb") as there:
            data = there.read()
    except FileNotFoundError:
        return _("{path} is not there any more, so it was not written.").format(path=path)
    except OSError as error:
        known = _("{path} holds the session as it was before: {why}.")
        return known.format(path=path, why=told(system_reason(error)))
    if digest_of(data) != file.digest and not _holds(given, file.path, form, data):
        return _(
            "{path} was changed by somebody else since, so it stays; export it to replace it."
        ).format(path=path)
    return ""


def _holds(given: OpenedSession, path: str, form: Mapping[str, Any], data: bytes) -> bool:
    """Whether a file holds what would be written of a session."""
    from playlist_builder.files.companion import is_own

    try:
        marks = is_own(path)
        held = content(given.session, given.text, path, form, is_marked=marks, kept=given.kept)
    except (ExportError, ReportError):
        return False
    return held.data == data
