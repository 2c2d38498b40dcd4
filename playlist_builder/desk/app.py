"""The requests of the page and their answers: JSON for commands, server-sent events for changes.

    GET  /                 the page
    GET  /closed           what is shown in its place to a browser that is not known
    GET  /static/NAME      its scripts and style
    GET  /api/state        all that it shows
    GET  /api/events?tab=  what changes: `state` (version), `holder` (tab), `ended` when the desk
                           ends, and what others tell, such as `sound`, as in the state, and
                           `position` of a player
    GET  /api/holder       who holds the desk, for a page that looks on: {holder, is_free, version}
    POST /api/hold         {tab}: this page takes the desk over
    POST /api/do/NAME      {tab, version, ...}: a command; see `bench`

A command is answered with {answer, state}; with 409 and the state where the session was changed
meanwhile, where a newer command took its place, or where another page holds the desk; with 422
and {error} in the language of the page where it cannot be done.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from importlib.resources import files
from threading import Event
from typing import Any

from jinja2 import Environment, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from playlist_builder.desk.answers import Json
from playlist_builder.desk.desk import Desk, Superseded
from playlist_builder.desk.driver import Driver
from playlist_builder.desk.guard import CLOSED
from playlist_builder.desk.texts import TEXTS
from playlist_builder.desk.turns import BACKGROUND
from playlist_builder.desk.words import Words
from playlist_builder.errors import PlaylistBuilderError
from playlist_builder.language.translation import Phrase

TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PING_S = 10.0
NO_KEY = Phrase(
    "This address opens no desk here: its key was used already, or is too old. Type"
    " 'playlist-builder desk' once more; it opens the desk that runs."
)
ANY_PAGE = frozenset({"heard"})  # what sounded is never refused, whoever holds the desk


def application(
    desk: Desk, words: Words, routes: list[Route], driver: Driver | None = None
) -> Starlette:
    """Return the application, without what guards it; `routes` are those of sound and records."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        desk.serve()
        loop = asyncio.get_running_loop()

        def tell(state: Mapping[str, Any]) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(desk.tell, "sound", state)

        desk.bench.sound.start(tell)
        if driver is not None:
            driver.start(desk.ask, desk.tell_soon)
        yield
        if driver is not None:
            await asyncio.to_thread(driver.close)
        desk.bench.sound.close()
        await desk.close()

    own = [
        Route("/", _page),
        Route(CLOSED, _closed),
        Route("/static/{name}", _static),
        Route("/api/state", _state),
        Route("/api/events", _events),
        Route("/api/holder", _holder),
        Route("/api/hold", _hold, methods=["POST"]),
        Route("/api/do/{name}", _do, methods=["POST"]),
    ]
    app = Starlette(
        routes=[*own, *routes],
        lifespan=lifespan,
        exception_handlers={PlaylistBuilderError: _refused},
    )
    app.router.redirect_slashes = False
    app.state.desk, app.state.words = desk, words
    return app


def _resource(folder: str, name: str) -> str | None:
    """Return a file of the page by its name, which is looked up and never joined to a path."""
    known = {each.name: each for each in files(__package__).joinpath(folder).iterdir()}
    return known[name].read_text(encoding="utf-8") if name in known else None


async def _page(request: Request) -> Response:
    words: Words = request.app.state.words
    texts = {key: words.text(text) for key, text in TEXTS.items()}
    return HTMLResponse(_rendered("desk.html", language=words.code, texts=texts))


async def _closed(request: Request) -> Response:
    words: Words = request.app.state.words
    page = _rendered("closed.html", language=words.code, told=words.told(NO_KEY))
    return HTMLResponse(page, HTTPStatus.FORBIDDEN)


def _rendered(name: str, **values: Any) -> str:  # noqa: ANN401 - what a template takes
    source = _resource("templates", name) or ""
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(source)
    return template.render(**values)


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    kind = TYPES.get(name[name.rfind(".") :])
    text = _resource("static", name) if kind else None
    if text is None:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    return Response(text, media_type=kind)


async def _refused(request: Request, error: Exception) -> Response:
    """Answer with the one line of an error, such as of a library that another process holds."""
    words: Words = request.app.state.words
    told = words.told(error) if isinstance(error, PlaylistBuilderError) else str(error)
    return Json({"error": told}, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _state(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    return Json(await desk.call(desk.bench.state))


async def _events(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    tab = request.query_params.get("tab", "")

    async def told() -> AsyncIterator[str]:
        async with desk.page(tab) as queue:
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), PING_S)
                except TimeoutError:
                    yield ": still here\n\n"

    return StreamingResponse(told(), media_type="text/event-stream")


async def _holder(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    return Json({"holder": desk.holder, "is_free": desk.is_free(), "version": desk.bench.version})


async def _json(request: Request) -> dict[str, Any] | None:
    """Return what a page sent; None for what is no JSON, or could not be sent back as UTF-8."""
    try:
        body = await request.json()
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


async def _hold(request: Request) -> Response:
    body = await _json(request)
    if body is None or not isinstance(body.get("tab"), str):
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    request.app.state.desk.hold(body["tab"])
    return Json({})


async def _watch(request: Request, left: Event) -> None:
    """Set `left` when the page waits for its answer no more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    left.set()


async def _do(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    body = await _json(request)
    if body is None:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    name = request.path_params["name"]
    if not desk.holder and name not in ANY_PAGE and isinstance(body.get("tab"), str):
        desk.hold(body["tab"])  # after a restart: the page that is used is back before it listens
    if body.get("tab") != desk.holder and name not in ANY_PAGE:
        return Json({"holder": desk.holder}, HTTPStatus.CONFLICT)
    seen = body.get("version")
    left = Event()
    watch = asyncio.create_task(_watch(request, left)) if name in BACKGROUND else None
    try:
        seen = seen if type(seen) is int else None
        ran, answer, state = await desk.do(name, body, seen=seen, left=left)
    except Superseded:
        return Json({"superseded": True}, HTTPStatus.CONFLICT)
    finally:
        if watch is not None:
            watch.cancel()
    if not ran:
        return Json({"state": state}, HTTPStatus.CONFLICT)
    return Json({"answer": answer, "state": state})
