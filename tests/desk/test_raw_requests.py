"""Requests that no browser makes, over raw sockets: each has one short answer, or none."""

import http.client
import socket
from contextlib import ExitStack, suppress
from itertools import count

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from playlist_builder.desk import connections
from playlist_builder.desk.address import HOST, Address
from playlist_builder.desk.guard import CLOSED, Guard
from tests.support.desk_server import answering

PATIENCE_S = 20.0
MOST = 16


async def counted(request: Request):
    return PlainTextResponse(f"{request.method} {len(await request.body())}")


INNER = Starlette(
    routes=[
        Route("/api/do/x", counted, methods=["POST"]),
        Route("/api/state", counted),
        Route(CLOSED, lambda _: PlainTextResponse("closed", 403)),
    ]
)


WEBSOCKET = (
    b"GET / HTTP/1.1\r\nHost: OWN\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture(scope="module")
def address():
    with socket.create_server((HOST, 0)) as listener:
        own = Address.new(listener.getsockname()[1])
        with answering(Guard(INNER, own, "l.db"), listener):
            yield own


def connected(address):
    return socket.create_connection((HOST, address.port), PATIENCE_S)


def answered(address, request, *, is_over=True):
    """Return all that is answered to the bytes of a request, after which nothing more is sent."""
    with connected(address) as own:
        try:
            own.sendall(request)
            if is_over:
                own.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: own.recv(65536), b""))
        except OSError:  # it is closed already
            return b""


def request(address, *lines, path="/api/state", method="GET", version="1.1", body=b""):
    """Return a request of a browser that is known, with some lines of headers more."""
    head = (
        f"{method} {address.folder}{path} HTTP/{version}",
        f"Cookie: {address.cookie}={address.cookie_value}",
        *lines,
    )
    return "\r\n".join((*head, "", "")).encode("latin-1") + body


def command(address, *lines, body):
    own = f"Host: {address.hosts[0]}"
    kind = "Content-Type: application/json"
    return request(address, own, kind, *lines, path="/api/do/x", method="POST", body=body)


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer else None


def is_well(address):
    """Whether a browser that is known is answered as ever."""
    own = f"Host: {address.hosts[0]}"
    answer = answered(address, request(address, own, "Connection: close"))
    return status(answer) == 200 and answer.endswith(b"GET 0")


def test_a_request_of_the_page_is_answered(address):
    assert is_well(address)


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize(
    "hosts",
    [
        *((), ("evil.example",), ("OWN", "evil.example"), ("evil.example", "OWN")),
        *(("OWN", "OWN"), ("OWN, evil.example",), ("OWN@evil.example",), ("",)),
    ],
)
def test_one_host_has_to_be_given_and_no_other(address, version, hosts):
    own = address.hosts[0]
    lines = [f"Host: {each.replace('OWN', own)}" for each in hosts]
    assert status(answered(address, request(address, *lines, version=version))) in {400, 421}


def test_a_request_of_http_1_0_with_the_right_host_is_answered(address):
    own = f"Host: {address.hosts[0]}"
    assert status(answered(address, request(address, own, version="1.0"))) == 200


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("header", "right", "wrong"),
    [
        ("Origin", "OWN", "http://evil.example"),
        ("Sec-Fetch-Site", "same-origin", "cross-site"),
    ],
)
def test_of_two_headers_both_have_to_be_right(address, header, right, wrong, order):
    host = address.hosts[0]
    right = right.replace("OWN", f"http://{host}")
    lines = [f"{header}: {each}" for each in (right, wrong)][::order]
    assert status(answered(address, request(address, f"Host: {host}", *lines))) == 403


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (("Content-Length: 2", "Content-Length: 3"), b"{} "),
        (("Content-Length: 2, 3",), b"{} "),
        (("Content-Length: -1",), b"{}"),
        (("Content-Length: 0x2",), b"{}"),
        (("Content-Length: +2",), b"{}"),
        (("Content-Length: 2", "Transfer-Encoding: chunked"), b"2\r\n{}\r\n0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"2\r\n{}\r\n0\r\n\r\n"),
        (("Transfer-Encoding: gzip, chunked",), b"2\r\n{}\r\n0\r\n\r\n"),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), b"{}"),
        ((), b"{}"),
        (("Content-Length: 1000001",), b"{}"),
        (("Content-Length: " + "9" * 18,), b"{}"),
        (("Content-Length: " + "9" * 5000,), b"{}"),
    ],
)
def test_a_command_whose_length_is_not_clear_is_refused(address, lines, body):
    answer = answered(address, command(address, *lines, body=body))
    assert status(answer) in {400, 411, 413, 501}
    assert is_well(address)


@pytest.mark.parametrize("said", [3, 100, 1_000_000])
def test_a_command_that_is_shorter_than_it_says_is_never_run(address, said):
    answer = answered(address, command(address, f"Content-Length: {said}", body=b"{}"))
    assert status(answer) != 200
    assert is_well(address)


def test_what_comes_behind_a_command_is_no_part_of_it(address):
    sent = command(address, "Content-Length: 2", body=b"{}" + b"x" * 1000)
    first, _, rest = answered(address, sent).partition(b"POST 2")
    assert status(first) == 200
    assert status(rest) in {None, 400}
    assert is_well(address)


@pytest.mark.parametrize(
    "sent",
    [
        *(b"\r\n\r\n", b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,  # the greeting of TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: OWN\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : OWN\r\n\r\n",
        b"GET / HTTP/1.1\nHost: OWN\n\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: OWN\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: OWN\r\n\r\n",
        b"GET /%ff%00%0d%0a HTTP/1.1\r\nHost: OWN\r\n\r\n",
        b"GET /?key=%ff%00\xe9 HTTP/1.1\r\nHost: OWN\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: OWN\r\nCookie: \xff\xfe=\x80; ;;=;=\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: OWN\r\nX: " + b"x" * 10_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: OWN\r\n" + b"x: y\r\n" * 100_000 + b"\r\n",
        b"GET /" + b"x" * 10_000_000 + b" HTTP/1.1\r\nHost: OWN\r\n\r\n",
        WEBSOCKET,
        b"GET / HTTP/1.1\r\nHost: OWN\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
        b"CONNECT OWN HTTP/1.1\r\nHost: OWN\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: OWN\r\n\r\n",
    ],
    ids=count(),
)
def test_what_is_no_request_is_refused(address, sent, capfd):
    answer = answered(address, sent.replace(b"OWN", address.hosts[0].encode()))
    assert status(answer) in {None, 400, 403, 405, 421, 431}
    assert len(answer) < 10_000
    assert address.folder.encode() not in answer
    assert is_well(address)
    assert capfd.readouterr() == ("", "")


def test_who_is_not_known_may_ask_one_thing_at_a_time(address):
    """Or it could let answers pile up that it never reads."""
    sent = f"GET / HTTP/1.1\r\nHost: {address.hosts[0]}\r\n\r\n".encode() * 1000
    answer = answered(address, sent, is_over=False)
    assert answer.count(b"HTTP/1.1 403") <= 1
    assert is_well(address)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: "])
def test_connections_that_ask_nothing_make_room_for_others(address, begun, monkeypatch):
    """They would take the file handles that the music needs."""
    monkeypatch.setattr(connections, "MOST", MOST)
    monkeypatch.setattr(connections, "SILENT_S", PATIENCE_S)
    with ExitStack() as stack:
        opened = []
        for _ in range(3 * MOST):
            opened.append(stack.enter_context(connected(address)))
            opened[-1].sendall(begun)
        assert is_well(address)
        for each in opened[: -MOST - 1]:
            assert is_closed(each)
        assert not is_closed(opened[-1], 0.1)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: "])
def test_who_asks_nothing_is_closed_soon_and_who_has_asked_stays(address, begun, monkeypatch):
    monkeypatch.setattr(connections, "MOST", MOST)
    monkeypatch.setattr(connections, "SILENT_S", 0.2)
    page = http.client.HTTPConnection(HOST, address.port, timeout=PATIENCE_S)
    with ExitStack() as stack:
        stack.callback(page.close)
        assert asked_again(page, address) == 200
        own = page.sock
        silent = [stack.enter_context(connected(address)) for _ in range(3 * MOST)]
        for each in silent:
            with suppress(OSError):
                each.sendall(begun)
        assert all(map(is_closed, silent))
        assert asked_again(page, address) == 200
        assert page.sock is own


def asked_again(page, address):
    cookie = {"Cookie": f"{address.cookie}={address.cookie_value}"}
    page.request("GET", f"{address.folder}/api/state", headers=cookie)
    answer = page.getresponse()
    answer.read()
    return answer.status


def is_closed(own, patience_s=PATIENCE_S):
    own.settimeout(patience_s)
    try:
        return own.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
