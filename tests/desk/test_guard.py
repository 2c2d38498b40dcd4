"""Who may talk to the desk: every check, tried from another page, name, program and method."""

import asyncio
import io
import json
import os

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from playlist_builder.desk import address as addresses
from playlist_builder.desk import serve
from playlist_builder.desk.address import Address
from playlist_builder.desk.guard import HEADERS, LARGEST_BODY, Guard
from tests.support.desk_client import Client

HERE = Address(4321, "the-secret-of-this-desk")
OWN = f"http://{HERE.hosts[0]}"
JSON = {"Content-Type": "application/json"}


async def answer(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {len(await request.body())}")


INNER = Starlette(
    routes=[
        Route("/", answer),
        Route("/api/state", answer),
        Route("/api/do/x", answer, methods=["POST"]),
        Route("/own", lambda _: PlainTextResponse("", headers={"Cache-Control": "max-age=9"})),
    ]
)


def client(*, secret=HERE.token, host=HERE.hosts[0], **headers):
    """A browser that knows a secret, and asks a host with some headers more."""
    if secret is not None:
        headers["Cookie"] = f"other=1; {HERE.cookie}={secret}".encode()
    return Client(Guard(INNER, HERE), host, **headers)


def test_the_page_of_the_desk_is_answered():
    assert client().get("/api/state").text == "GET 0"
    own = {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}
    assert client().post("/api/do/x", json={}, headers=own).text == "POST 2"
    assert client(host=HERE.hosts[1]).get("/api/state").is_success


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:4321", "127.0.0.1:4322", "127.0.0.1", "localhost"),
        *("127.0.0.1.evil.example:4321", "[::1]:4321", "0.0.0.0:4321", "127.1:4321"),
        *("LOCALHOST:4321", "localhost.:4321", ""),
    ],
)
def test_another_name_for_this_machine_is_refused(host):
    """As after DNS rebinding: the browser sends the name that it was led to."""
    refused = client().get("/api/state", headers={"Host": host})
    assert refused.status_code == 421
    refused = client().get(f"/?token={HERE.token}", headers={"Host": host})
    assert refused.status_code == 421
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "null", "https://127.0.0.1:4321", "http://127.0.0.1:4322", ""),
        "http://localhost:4321",  # another origin than the one that is asked
        f"{OWN}/",
        f"{OWN}.evil.example",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_origin_is_refused(origin, method):
    sent = client().request(method, "/api/state", headers=JSON | {"Origin": origin}, content=b"{}")
    assert sent.status_code == 403
    assert not [name for name in sent.headers if name.startswith("access-control")]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "other"])
def test_what_another_page_fetches_is_refused(site):
    """A picture or a script of another page comes without an origin."""
    assert client().get("/api/state", headers={"Sec-Fetch-Site": site}).status_code == 403


def test_a_preflight_is_refused_and_allows_nothing():
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    refused = client().request("OPTIONS", "/api/do/x", headers=asked)
    assert refused.status_code == 403
    assert client().request("OPTIONS", "/api/do/x").status_code == 405
    assert not [name for name in refused.headers if name.startswith("access-control")]


@pytest.mark.parametrize("secret", [None, "", "wrong", HERE.token + "x", HERE.token[:-1], "é"])
def test_nobody_without_the_secret_is_answered(secret):
    sent = client(secret=secret)
    assert sent.get("/api/state").status_code == 403
    assert sent.post("/api/do/x", json={}).status_code == 403


def test_the_secret_of_another_desk_is_none():
    cookie = {"Cookie": f"playlist-builder-desk-4322={HERE.token}"}
    assert client(secret=None).get("/api/state", headers=cookie).status_code == 403


def test_the_address_with_the_secret_gives_the_cookie_and_hides_it():
    opened = client(secret=None).get(f"/?token={HERE.token}")
    assert opened.status_code == 303
    assert opened.headers["location"] == "/"
    assert HERE.token not in opened.headers["location"]
    cookie = opened.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "domain" not in cookie


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/?token=wrong"),
        ("GET", "/?token="),
        ("GET", "/"),
        ("GET", f"/api/state?token={HERE.token}"),
        ("POST", f"/?token={HERE.token}"),
        ("HEAD", f"/?token={HERE.token}"),
    ],
)
def test_the_secret_opens_the_page_alone(method, path):
    refused = client(secret=None).request(method, path)
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "QUERY"])
def test_other_methods_are_refused(method):
    assert client().request(method, "/api/state").status_code == 405


@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""),
        *("application/jsonx", "text/json"),
    ],
)
def test_a_command_that_is_no_json_is_refused(kind):
    """Other pages can send these kinds without asking first."""
    sent = client().post("/api/do/x", content=b"{}", headers={"Content-Type": kind})
    assert sent.status_code == 415


def test_a_command_says_its_length_and_is_not_too_long():
    assert client().post("/api/do/x", content=b"x" * LARGEST_BODY, headers=JSON).is_success
    long = client().post("/api/do/x", content=b"x" * (LARGEST_BODY + 1), headers=JSON)
    assert long.status_code == 413

    async def chunks():
        yield b"{}"

    assert client().post("/api/do/x", content=chunks(), headers=JSON).status_code == 411
    for length in ("-1", "1e3", "9" * 400, "٣"):
        told = JSON | {"Content-Length": length.encode()}
        sent = client().post("/api/do/x", content=b"{}", headers=told)
        assert sent.status_code in {411, 413}


@pytest.mark.parametrize("path", ["/api/state", "/nothing", "/api/do/x"])
def test_every_answer_has_the_headers(path):
    """Those of the OWASP Secure Headers Project, on what is refused as well."""
    for opened in (client(), client(secret=None), client(host="evil.example")):
        found = opened.get(path).headers
        for name, value in HEADERS.items():
            assert found[name] == value
        assert found["cache-control"] == "no-store"
        assert "server" not in found


def test_the_policy_lets_nothing_in_from_elsewhere():
    policy = dict(
        part.strip().partition(" ")[::2] for part in HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_an_answer_may_say_itself_how_long_it_is_kept():
    assert client().get("/own").headers["cache-control"] == "max-age=9"


def test_a_web_socket_is_closed():
    said = []

    async def send(message):
        said.append(message["type"])

    asyncio.run(Guard(INNER, HERE)({"type": "websocket"}, None, send))
    assert said == ["websocket.close"]


def test_a_second_start_finds_the_desk_and_tells_nothing(monkeypatch, tmp_path):
    """Whoever listens on its port by now sees no secret, and cannot pass for the desk."""
    library = str(tmp_path / "library.db")
    addresses.write(library, HERE)
    asked = []

    class Connection:
        def __init__(self, *_, **__):
            self.answers = {"proof": "made up"}

        def request(self, method, path, headers=()):
            asked.append((method, path, dict(headers)))
            if not is_foreign:
                self.answers = Client(Guard(INNER, HERE, library), HERE.hosts[0]).get(path).json()

        def getresponse(self):
            return io.BytesIO(json.dumps(self.answers).encode())

        def close(self):
            pass

    monkeypatch.setattr(serve.http.client, "HTTPConnection", Connection)
    for is_foreign in (True, False):
        assert serve.running(library) == (None if is_foreign else HERE)
    assert HERE.token not in repr(asked)
    assert asked[0] != asked[1]


@pytest.mark.skipif(os.name == "nt", reason="on Windows the folder says who may")
def test_an_address_that_somebody_else_may_have_written_is_none(tmp_path):
    library = str(tmp_path / "library.db")
    addresses.write(library, HERE)
    file = addresses.file_of(library)
    assert addresses.read(library) == HERE
    file.chmod(0o644)
    assert addresses.read(library) is None
    file.chmod(0o600)
    file.rename(tmp_path / "other")
    file.symlink_to(tmp_path / "other")
    assert addresses.read(library) is None
