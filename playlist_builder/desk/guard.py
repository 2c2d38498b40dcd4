"""Who may talk to the desk: its own page in a browser of this machine, and nobody else.

Every request is checked before the application sees it: the Host header against other names for
this machine (DNS rebinding), Origin and Sec-Fetch-Site against other pages, and a secret in a
cookie against other programs and users. The headers are those of the OWASP Secure Headers Project.
Nothing is ever allowed to another origin, so there is no CORS.
"""

import hmac
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playlist_builder.desk.address import Address

METHODS = ("GET", "HEAD", "POST")
LARGEST_BODY = 1_000_000  # bytes of a request
JSON = "application/json"
PING = "/api/ping"  # asked by a second start, which does not tell what it knows
LONGEST_NONCE = 100
OWN_SITE = ("same-origin", "none")  # none: typed, or opened by a program
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
UNKNOWN = "Open the address that 'playlist-builder desk' shows; it holds a key.\n"


class Guard:
    """An ASGI application in front of another, which lets through what may be."""

    def __init__(self, app: ASGIApp, address: Address, library: str = "") -> None:
        self._app = app
        self._address = address
        self._library = library

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            answer = self._refusal(scope, Headers(scope=scope))
            await (answer or self._app)(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close"})

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to a request that goes no further, or None."""
        host, method = headers.get("host", ""), scope["method"]
        if host not in self._address.hosts:
            return _refused("This is no name of the desk.\n", HTTPStatus.MISDIRECTED_REQUEST)
        is_own = headers.get("origin", f"http://{host}") == f"http://{host}"
        if not is_own or headers.get("sec-fetch-site", "none") not in OWN_SITE:
            return _refused("Another page may not use the desk.\n")
        if method not in METHODS:
            return _refused("", HTTPStatus.METHOD_NOT_ALLOWED)
        if not self._is_known(headers):
            return self._admitted(scope) or self._proved(scope) or _refused(UNKNOWN)
        return _unsuitable(headers) if method == "POST" else None

    def _is_known(self, headers: Headers) -> bool:
        given = cookie_parser(headers.get("cookie", "")).get(self._address.cookie, "")
        return self._is_token(given)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._address.token.encode())

    def _proved(self, scope: Scope) -> Response | None:
        """Return the proof that this is the desk of the library, to a start that asks for it."""
        if scope["path"] != PING or scope["method"] != "GET":
            return None
        nonce = scope["query_string"].decode("latin-1")[:LONGEST_NONCE]
        return JSONResponse({"proof": self._address.proof(nonce, self._library)})

    def _admitted(self, scope: Scope) -> Response | None:
        """Return the answer to a page that opens with the secret in its address."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] != "/" or scope["method"] != "GET" or not self._is_token(given):
            return None
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            self._address.cookie, self._address.token, httponly=True, samesite="strict"
        )
        return answer


def _unsuitable(headers: Headers) -> Response | None:
    """Return the answer to a command that is no JSON, or too large."""
    if headers.get("content-type", "").partition(";")[0].strip() != JSON:
        return _refused("A command is JSON.\n", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return _refused("A command says its length.\n", HTTPStatus.LENGTH_REQUIRED)
    if len(length) > len(str(LARGEST_BODY)) or int(length) > LARGEST_BODY:
        return _refused("A command is not so long.\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return None


def _refused(text: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> Response:
    return PlainTextResponse(text, status)


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sent
