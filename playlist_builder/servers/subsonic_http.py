"""Requests to a server of the Subsonic API: method and fields in, the answer's JSON object out.

Requests are POSTed as forms, so that neither login nor long playlists end in the log of a server
or exceed its limit for URLs. The login is a salted hash; the password itself is sent only where a
server accepts nothing else, and then only if nobody on the way can read it. Redirects are not
followed, since they would carry the login elsewhere. No error repeats what was sent.
"""

import hashlib
import http.client
import json
import secrets
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, NoReturn
from urllib.parse import unquote, urlencode

from playlist_builder.errors import SYSTEM_REASONS, ServerError, system_reason
from playlist_builder.language.text import LINE_LIMIT, one_line
from playlist_builder.language.translation import Phrase
from playlist_builder.servers.checks import is_loopback, split_target, without_secret

SCHEMES = ("subsonic+https", "subsonic+http")
TIMEOUT_S = 30.0  # for a connection, and for each part of an answer
ANSWER_LIMIT_S = 120.0  # for a whole answer
ANSWER_LIMIT_BYTES = 50_000_000  # far above a page of tracks: one takes about 1 kB
API_VERSION = "1.13.0"  # first with login by token; older servers refuse a newer one

_MALFORMED = Phrase("The server does not answer as a Subsonic server does")
_WRONG_PASSWORD = 40
_NO_TOKENS = frozenset((10, 41, 42))  # no login by token for this user, or (10, no password) at all


@dataclass(frozen=True, slots=True)
class SubsonicAddress:
    """The URL of a server, and the user; traffic that `is_private` cannot be read on the way."""

    url: str
    user: str
    is_private: bool

    def __str__(self) -> str:
        return self.url


class RefusedError(ServerError):
    """The server answered with an error `code` of the API."""

    def __init__(self, message: str, /, code: int, **values: object) -> None:
        super().__init__(message, **values, code=code)
        self.code = code


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0913, PLR0917 - the signature of urllib
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow nothing."""


def parse_address(target: str, *, insecure: bool = False) -> SubsonicAddress:
    """Return where `subsonic+https://user@host[:port][/path]` is; `ServerError` where it is none.

    Plain http is for this machine only, unless `insecure`.
    """
    example = Phrase("Give subsonic+https://user@host.")
    parts = split_target(target, example, "PLAYLIST_BUILDER_PASSWORD")
    host, port = parts.hostname, parts.port
    if parts.scheme not in SCHEMES or not host or parts.query or parts.fragment:
        raise ServerError("The target is no Subsonic server. {example}", example=example)
    if not parts.username:
        raise ServerError("The target names no user. {example}", example=example)
    if not host.isascii() or not target.isprintable() or " " in target:
        raise ServerError(
            "The target is no address: {host!r} is no host. {example}", host=host, example=example
        )
    plain = parts.scheme == "subsonic+http"
    if plain and not is_loopback(host) and not insecure:
        raise ServerError(
            "Over plain http anyone on the way to {host} can read the login and use it"
            " again. Use subsonic+https://, or --insecure if you trust every machine"
            " between.",
            host=host,
        )
    shown = f"[{host}]" if ":" in host else host
    place = f"{shown}:{port}" if port is not None else shown
    return SubsonicAddress(
        f"{'http' if plain else 'https'}://{place}{parts.path.rstrip('/')}",
        unquote(parts.username),
        not plain or is_loopback(host),
    )


class Connection:
    """A server and a login. Every method raises `ServerError`."""

    def __init__(self, where: SubsonicAddress, password: str) -> None:
        self._where = where
        self._password = password
        self._login = self._token()
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if where.url.startswith("http:"):
            handlers.append(urllib.request.ProxyHandler({}))  # no proxy reads private traffic
        self._opener = urllib.request.build_opener(*handlers)
        self._log_in()

    def _token(self) -> list[tuple[str, str]]:
        """Return the login of API 1.13: a hash that is worth nothing with another salt."""
        salt = secrets.token_hex(8)
        salted = (self._password + salt).encode("utf-8", "replace")
        token = hashlib.md5(salted, usedforsecurity=False).hexdigest()  # what the API asks for
        return [("t", token), ("s", salt)]

    def _log_in(self) -> None:
        try:
            self.request("ping")
        except RefusedError as error:
            if error.code not in _NO_TOKENS:
                raise
            if not self._where.is_private:
                raise ServerError(
                    "{where} knows no login by token, and over plain http anyone could read the"
                    " password. Use subsonic+https://.",
                    where=self._where,
                ) from error
            hexed = self._password.encode("utf-8", "replace").hex()
            self._login = [("p", f"enc:{hexed}")]
            self.request("ping")

    def request(self, method: str, fields: Sequence[tuple[str, str]] = ()) -> Mapping[str, object]:
        """Return the answer to one method of the API."""
        login = [("u", self._where.user), *self._login]
        protocol = [("v", API_VERSION), ("c", "playlist-builder"), ("f", "json")]
        form = urlencode([*login, *protocol, *fields], errors="replace").encode("ascii")
        request = urllib.request.Request(  # noqa: S310 - `address` lets only http and https through
            f"{self._where.url}/rest/{method}.view", form, method="POST"
        )
        return self._result(self._send(request))

    def _send(self, request: urllib.request.Request) -> bytes:
        """Return the body of an answer; nothing in an error holds what was sent."""
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return self._body(answer)
        except urllib.error.HTTPError as error:
            with error:
                self._raise_for_status(error.code, error.headers.get("Location", ""))
        except urllib.error.URLError as error:
            raise self._unreachable_error(error.reason) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable_error(error) from error

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        deadline = time.monotonic() + ANSWER_LIMIT_S
        parts, size = [], 0
        while part := answer.read1(1 << 16):
            parts.append(part)
            size += len(part)
            if size > ANSWER_LIMIT_BYTES:
                raise ServerError(
                    "The answer of {where} is larger than any playlist.", where=self._where
                )
            if time.monotonic() > deadline:
                raise ServerError(
                    "{where} did not end its answer in {ANSWER_LIMIT_S:g} s.",
                    where=self._where,
                    ANSWER_LIMIT_S=ANSWER_LIMIT_S,
                )
        if answer.length:  # `read1` does not report a closed connection
            raise ServerError(
                "The connection to {where} broke within an answer.", where=self._where
            )
        return b"".join(parts)

    def _raise_for_status(self, status: int, location: str) -> NoReturn:
        if status in {401, 403}:
            raise ServerError(
                "{where} does not let '{user}' in. Check both.",
                where=self._where,
                user=self._where.user,
            )
        if 300 <= status < 400:  # noqa: PLR2004 - redirects
            place = self._clean(location.partition("/rest/")[0])
            raise ServerError(
                "{where} sends on to '{place}'. Give that as the target.",
                where=self._where,
                place=place,
            )
        raise ServerError(
            "{where} answers with HTTP status {status}. Is a Subsonic server there, and is"
            " the path right?",
            where=self._where,
            status=status,
        )

    def _unreachable_error(self, reason: object) -> ServerError:
        if isinstance(reason, TimeoutError):
            words: str = Phrase("no answer within {limit_s:g} s", limit_s=TIMEOUT_S)
        elif isinstance(reason, socket.gaierror):
            words = Phrase("no such host")
        elif isinstance(reason, ssl.SSLCertVerificationError):
            words = Phrase(
                "its certificate cannot be trusted ({why}). Name the file of its authority in"
                " SSL_CERT_FILE",
                why=reason.verify_message,
            )
        elif isinstance(reason, OSError) and reason.errno in SYSTEM_REASONS:
            words = system_reason(reason)
        else:
            words = self._clean(getattr(reason, "strerror", None) or str(reason))
        return ServerError(
            "Cannot reach {where}: {words}.",
            where=self._where,
            words=words or type(reason).__name__,
        )

    def _result(self, body: bytes) -> Mapping[str, object]:
        try:
            answer = object_of(object_of(json.loads(body)).get("subsonic-response"))
            status = answer.get("status")
            if status == "ok":
                return answer
            if status != "failed":
                raise ServerError  # noqa: TRY301 - reported as any other wrong answer
            refusal = object_of(answer.get("error"))
        except (ServerError, ValueError, RecursionError) as error:
            raise ServerError(
                "What answers at {where} does not speak as a Subsonic server does.",
                where=self._where,
            ) from error
        code, message = refusal.get("code"), refusal.get("message")
        number = code if isinstance(code, int) else 0
        if number == _WRONG_PASSWORD:
            raise RefusedError(
                "{where} does not take this password for '{user}'.",
                number,
                where=self._where,
                user=self._where.user,
            )
        words = self._clean(message) if isinstance(message, str) else ""
        if not words:
            raise RefusedError(
                "{where} refused: without a reason (error {code}).",
                code=number,
                where=self._where,
            )
        raise RefusedError(
            "{where} refused: {words} (error {code}).", code=number, where=self._where, words=words
        )

    def _clean(self, text: str) -> str:
        """Return the text of a server as one short line, without a secret that it may repeat."""
        for secret in (self._password, *(value.removeprefix("enc:") for _, value in self._login)):
            text = without_secret(text, secret)
        return one_line(text)[:LINE_LIMIT]


def key_of(value: Mapping[str, object]) -> str:
    """Return the id of something, which some servers write as a number."""
    key = value.get("id")
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise ServerError("{MALFORMED}: something has no id.", MALFORMED=_MALFORMED)
    return str(key)


def object_of(value: object) -> Mapping[str, object]:
    """Return what must be a JSON object; raises `ServerError` where it is not."""
    if not isinstance(value, dict):
        raise ServerError(
            "{MALFORMED}: something else came than was asked for.", MALFORMED=_MALFORMED
        )
    return value


def objects_of(value: object) -> list[Mapping[str, object]]:
    """Return a list of objects; servers that convert from XML give a single one without a list."""
    return [object_of(each) for each in (value if isinstance(value, list) else [value])]
