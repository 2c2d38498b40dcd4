"""Who may talk to the desk: its own page in a browser of this machine, and nobody else.

Every request is checked before the application sees it: the Host header against other names for
this machine (DNS rebinding), Origin and Sec-Fetch-Site against other pages, and a secret path with
a cookie against other programs and users. The headers are those of the OWASP Secure Headers
Project. Nothing is ever allowed to another origin, so there is no CORS.
"""

import hmac
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playlist_builder.desk import machine
from playlist_builder.desk.address import KEY_LIVES_NS, Address

METHODS = ("GET", "HEAD", "POST")
LARGEST_BODY = 1_000_000  # bytes of a request
JSON = "application/json"
PING = "/api/ping"  # asked by a second start, which does not tell what it knows
CLOSED = "/closed"  # of the application: what is shown to a browser that is not known
DOOR_SCRIPT = "/static/door.js"  # of that page
PUBLIC = (CLOSED, DOOR_SCRIPT)
STRANGER = {"Connection": "close"}  # who is not known may ask one thing
LONGEST_NONCE = 100
OWN_SITE = {"same-origin", "none"}  # none: typed, or opened by a program
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), screen-wake-lock=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
}
UNKNOWN = "The desk does not know this browser.\n"


class Guard:
    """An ASGI application in front of another, which lets through what may be.

    The application behind it is asked by the paths within the folder of the address.
    """

    def __init__(
        self,
        app: ASGIApp,
        address: Address,
        library: str,
        *,
        clock_ns: Callable[[], int] = machine.now_ns,
    ) -> None:
        """Take the clock by which keys are made; keys of before this moment open nothing."""
        self._app = app
        self._address = address
        self._library = library
        self._clock_ns = clock_ns
        self._since_ns = clock_ns()
        self._used: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            answer, inner = self._answer(scope, Headers(scope=scope))
            if answer is not None:
                await answer(scope, receive, _with_headers(send, STRANGER | HEADERS))
            else:
                headers = STRANGER | HEADERS if inner in PUBLIC else HEADERS
                await self._app({**scope, "path": inner}, receive, _with_headers(send, headers))
        else:
            await send({"type": "websocket.close"})

    def _answer(self, scope: Scope, headers: Headers) -> tuple[Response | None, str]:
        """Return the answer to a request that goes no further, and otherwise what it asks for."""
        refused = self._refusal(scope, headers)
        if refused is not None:
            return refused, ""
        inside = self._inside(scope["path"])
        if inside is not None and self._is_known(headers):
            return (_unsuitable(headers) if scope["method"] == "POST" else None), inside
        if scope["method"] != "GET":
            return _refused(UNKNOWN), ""
        answer = self._to_stranger(scope["path"], scope["query_string"].decode("latin-1"))
        return answer, DOOR_SCRIPT if scope["path"] == DOOR_SCRIPT else CLOSED

    def _to_stranger(self, path: str, query: str) -> Response | None:
        """Return the answer to who is not known yet: a second start, or a browser with a key."""
        if path == PING:
            nonce = query[:LONGEST_NONCE]
            return JSONResponse({"proof": self._address.proof(nonce, self._library)})
        if path == "/" and self._opens(parse_qs(query).get("key", [""])[0]):
            return self._admitted()
        return None

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to what comes by another name, from another page or in another way."""
        host = headers.get("host", "")
        if host not in self._address.hosts or len(headers.getlist("host")) > 1:
            return _refused("This is no name of the desk.\n", HTTPStatus.MISDIRECTED_REQUEST)
        is_own = set(headers.getlist("origin")) <= {f"http://{host}"}
        if not is_own or not set(headers.getlist("sec-fetch-site")) <= OWN_SITE:
            return _refused("Another page may not use the desk.\n")
        if scope["method"] not in METHODS:
            return _refused("", HTTPStatus.METHOD_NOT_ALLOWED)
        return None

    def _inside(self, path: str) -> str | None:
        """Return the path within the folder of the address, None for one outside."""
        folder = self._address.folder
        given, inside = path[: len(folder)], path[len(folder) :]
        return inside if _is_same(given, folder) and inside.startswith("/") else None

    def _is_known(self, headers: Headers) -> bool:
        """Whether one of the cookies is right: pages of other ports may have set others."""
        pairs = (each.strip().partition("=") for each in headers.get("cookie", "").split(";"))
        given = [value for name, _, value in pairs if name == self._address.cookie]
        return any(_is_same(each, self._address.cookie_value) for each in given)

    def _opens(self, key: str) -> bool:
        """Whether a key opens the page; it does so no more afterwards."""
        made_at_ns, now_ns = self._address.made_at_ns(key), self._clock_ns()
        if made_at_ns is None or key in self._used:
            return False
        if not max(self._since_ns, now_ns - KEY_LIVES_NS) <= made_at_ns <= now_ns:
            return False
        self._used.add(key)
        return True

    def _admitted(self) -> Response:
        """Return the answer to a page that opens with a key in its address."""
        own = self._address
        answer = RedirectResponse(f"{own.folder}/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            own.cookie, own.cookie_value, path=own.folder, httponly=True, samesite="strict"
        )
        return answer


def _is_same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _unsuitable(headers: Headers) -> Response | None:
    """Return the answer to a command that is no JSON, or too large."""
    if headers.get("content-type", "").partition(";")[0].strip() != JSON:
        return _refused("A command is JSON.\n", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    length = headers.get("content-length", "")
    if not length.isdecimal() or "transfer-encoding" in headers:
        return _refused("A command says its length.\n", HTTPStatus.LENGTH_REQUIRED)
    if len(length) > len(str(LARGEST_BODY)) or int(length) > LARGEST_BODY:
        return _refused("A command is not so long.\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return None


def _refused(text: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> Response:
    return PlainTextResponse(text, status)


def _with_headers(send: Send, added: Mapping[str, str]) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in added.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sent
