"""What a session can be taken along as: its report, to read and print, and its playlist.

GET  /report          the page that `playlist-builder report -o` writes
GET  /playlist.m3u8   for a player on this machine
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from playlist_builder import PLAYERS, Session, write_report, write_session
from playlist_builder.desk.answers import Line
from playlist_builder.desk.desk import Desk
from playlist_builder.desk.words import Words
from playlist_builder.errors import PlaylistBuilderError

POLICY = (  # of the report, which brings its style along, and runs nothing here
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_LINK_TO_FILE = re.compile(rb'<a href="(?!#)[^"]*"')
"""A page from a server may not open files."""


def routes(desk: Desk, words: Words) -> list[Route]:
    """Return the routes of what can be taken along."""

    async def report(_: Request) -> Response:
        page = await _made(desk, lambda: _report(desk.bench.session, words), words)
        if isinstance(page, Response):
            return page
        headers = {"Content-Security-Policy": POLICY}
        return Response(page, media_type="text/html; charset=utf-8", headers=headers)

    async def playlist(_: Request) -> Response:
        lines = await _made(desk, lambda: _playlist(desk.bench.session), words)
        if isinstance(lines, Response):
            return lines
        number = await desk.call(desk.bench.number)
        headers = {"Content-Disposition": f'attachment; filename="session-{number}.m3u8"'}
        return Response(lines, media_type="audio/x-mpegurl", headers=headers)

    return [Route("/report", report), Route("/playlist.m3u8", playlist)]


async def _made(desk: Desk, make: Callable[[], bytes], words: Words) -> bytes | Response:
    """Return what is made in the thread of the library, or why it cannot be."""
    try:
        return await desk.call(make)
    except PlaylistBuilderError as error:
        return Line(words.told(error), HTTPStatus.NOT_FOUND)


def _report(session: Session, words: Words) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "session.html")
        write_report(session, path, language=words.code, today=datetime.now().astimezone().date())
        return _LINK_TO_FILE.sub(b"<a", path.read_bytes())


def _playlist(session: Session) -> bytes:
    """Return the playlist with the whole paths of the tracks, as it may be saved anywhere."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "session.m3u8")
        write_session(session, path, dialect=replace(PLAYERS["mpv"], absolute=True))
        return path.read_bytes()
