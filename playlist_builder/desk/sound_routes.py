"""The requests by which a page hears: parts of a mix as samples, found by number or identity.

    GET /sound/mix/NUMBER       a mix that was published
    GET /sound/track/IDENTITY   a whole track of the library

The answer is interleaved stereo of float32, little-endian, at 48 kHz, of known length, in whole or
in single ranges. 410 with {error, from_s, until_s} says that a file cannot be read, and until when
it would sound; where that shows later, the answer ends early.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from playlist_builder import Clip
from playlist_builder.desk.answers import Json
from playlist_builder.desk.desk import Desk
from playlist_builder.desk.mixes import FRAMES_PER_S, RATE_HZ, SAMPLE_BYTES, Mix, Mixes
from playlist_builder.desk.ranges import asked
from playlist_builder.desk.sound import Sound
from playlist_builder.desk.words import Words
from playlist_builder.errors import LibraryError, RenderError

PIECE = RATE_HZ  # samples that are mixed at a time
THREADS = 4
_HOP = RATE_HZ // FRAMES_PER_S


def routes(sound: Sound) -> list[Route]:
    """Return the routes of what is heard."""
    threads = ThreadPoolExecutor(THREADS, "desk-sound")

    async def mix(request: Request) -> Response:
        found = sound.mixes.mix(request.path_params["number"])
        if found is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return await _answer(request, found, sound.mixes, threads)

    async def track(request: Request) -> Response:
        desk: Desk = request.app.state.desk
        identity = request.path_params["identity"]
        try:
            found = await desk.call(lambda: desk.bench.library.track(identity))
        except LibraryError:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return await _answer(request, sound.track(found), sound.mixes, threads)

    return [Route("/sound/mix/{number}", mix), Route("/sound/track/{identity}", track)]


async def _answer(
    request: Request, mix: Mix, mixes: Mixes, threads: ThreadPoolExecutor
) -> Response:
    length = mix.plan.frames * _HOP * SAMPLE_BYTES
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{mix.number}"'}
    header = request.headers.get("range") if request.method == "GET" else None
    part = asked(header, length) if header is not None else None
    if part is not None and not part:
        headers["Content-Range"] = f"bytes */{length}"
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    status = HTTPStatus.OK
    if part is not None:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{length}"
    sent = part if part is not None else range(length)
    headers |= {"Content-Length": str(len(sent)), "Content-Type": "application/octet-stream"}
    if request.method == "HEAD":
        return Response(headers=headers)
    pieces = _pieces(mix, sent, mixes, threads)
    try:
        first = await anext(pieces)
    except RenderError as error:
        return _broken(request, mix, sent.start, error)

    async def body() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first
            async for each in pieces:
                yield each

    return StreamingResponse(body(), status, headers)


async def _pieces(
    mix: Mix, sent: range, mixes: Mixes, threads: ThreadPoolExecutor
) -> AsyncGenerator[bytes]:
    """Yield the bytes of a range; raises RenderError."""
    loop = asyncio.get_running_loop()
    first, end = sent.start // SAMPLE_BYTES, -(-sent.stop // SAMPLE_BYTES)
    skipped, left = sent.start % SAMPLE_BYTES, len(sent)
    with mixes.reading(mix, first) as reading:
        while first < end:
            count = min(PIECE, end - first)
            data = await loop.run_in_executor(threads, reading.read, first, count)
            first += len(data) // SAMPLE_BYTES
            piece = data[skipped : skipped + left]
            skipped, left = 0, left - len(piece)
            yield piece


def _broken(request: Request, mix: Mix, first_byte: int, error: RenderError) -> Response:
    words: Words = request.app.state.words
    clip: Clip | None = getattr(error, "clip", None)
    value = {
        "error": words.told(error),
        "from_s": first_byte // SAMPLE_BYTES / RATE_HZ,
        "until_s": clip.end / FRAMES_PER_S if clip is not None else mix.length_s,
    }
    return Json(value, HTTPStatus.GONE)
