"""Who may talk to the desk: every check, tried from another page, name, program and method."""

import asyncio
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from playlist_builder.desk import address as addresses
from playlist_builder.desk import machine, scan, serve
from playlist_builder.desk.address import HOST, Address
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
        Route("/closed", lambda _: PlainTextResponse("closed", 403)),
        Route("/static/door.js", lambda _: PlainTextResponse("door")),
        Route("/api/do/x", answer, methods=["POST"]),
        Route("/own", lambda _: PlainTextResponse("", headers={"Cache-Control": "max-age=9"})),
    ]
)


def client(*, cookie=HERE.cookie_value, host=HERE.hosts[0], folder=HERE.folder, **headers):
    """A browser with a cookie, which asks a folder of a host with some headers more."""
    if cookie is not None:
        headers["Cookie"] = f"other=1; {HERE.cookie}={cookie}".encode()
    return Client(Guard(INNER, HERE, "l.db"), host, folder, **headers)


class Clock:
    """Of the machine, in nanoseconds."""

    now_ns = 10**15

    def __call__(self):
        return self.now_ns

    def later(self, seconds):
        self.now_ns += round(seconds * 10**9)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def new(clock):
    """A browser that knows nothing, before a desk that has just begun."""
    return Client(Guard(INNER, HERE, "l.db", clock_ns=clock), HERE.hosts[0])


def asked_with(address, now_ns):
    """What a browser asks that is started with the address."""
    return address.url(now_ns).removeprefix(OWN)


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
    key = asked_with(HERE, machine.now_ns())
    refused = client(folder="").get(key, headers={"Host": host})
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


VALUE = HERE.cookie_value


@pytest.mark.parametrize("cookie", [None, "", "wrong", VALUE + "x", VALUE[:-1], "é", HERE.token])
def test_nobody_without_the_cookie_is_answered(cookie):
    sent = client(cookie=cookie)
    assert sent.get("/api/state").status_code == 403
    assert sent.post("/api/do/x", json={}).status_code == 403


@pytest.mark.parametrize(
    "folder",
    [
        *("", "/", "/x", HERE.folder[:-1], HERE.folder + "x", HERE.folder.upper(), "/é"),
        *(f"/{HERE.folder}", f"/x{HERE.folder}", f"/{VALUE}", f"/{HERE.token}"),
    ],
)
def test_the_cookie_alone_opens_nothing(folder):
    """A server of another port may have got it, but cannot know the folder it is for."""
    sent = client(folder=folder)
    assert sent.get("/api/state").status_code == 403
    assert sent.post("/api/do/x", json={}).status_code == 403


def test_the_cookie_of_another_desk_is_none():
    for cookie in (f"playlist-builder-desk-4322={VALUE}", f"{HERE.cookie}={other().cookie_value}"):
        sent = client(cookie=None).get("/api/state", headers={"Cookie": cookie})
        assert sent.status_code == 403


def other():
    return Address(HERE.port, HERE.token + "x")


@pytest.mark.parametrize("order", [1, -1])
def test_a_cookie_of_the_same_name_that_another_port_has_set_does_no_harm(order):
    """A browser sends both: cookies are not told apart by port."""
    both = "; ".join([f"{HERE.cookie}=x", f"{HERE.cookie}={VALUE}"][::order])
    assert client(cookie=None).get("/api/state", headers={"Cookie": both}).is_success


def test_nothing_that_is_given_away_tells_of_the_rest():
    """Each is derived by a name of its own, so a nonce cannot ask for another of them."""
    given = [HERE.cookie_value, HERE.folder[1:], HERE.proof("", ""), HERE.proof("folder", "")]
    given.append(HERE.url(0).rpartition("-")[2])
    assert len({each[:32] for each in given}) == len(given)
    assert not [each for each in given if HERE.token in each]


def test_a_key_gives_the_cookie_for_the_folder_alone_and_is_hidden(new, clock):
    opened = new.get(asked_with(HERE, clock()))
    assert opened.status_code == 303
    assert opened.headers["location"] == f"{HERE.folder}/"
    found = opened.headers["set-cookie"].lower()
    name_and_value, *others = (each.strip() for each in found.split(";"))
    assert name_and_value == f"{HERE.cookie}={HERE.cookie_value}"
    assert sorted(others) == ["httponly", f"path={HERE.folder}", "samesite=strict"]


def test_a_key_opens_the_page_once(new, clock):
    first, second = asked_with(HERE, clock()), asked_with(HERE, clock())
    answers = [new.get(each) for each in (first, first, second, second)]
    assert [each.status_code for each in answers] == [303, 403, 303, 403]
    assert [each.text for each in answers[1::2]] == ["closed", "closed"]
    assert "set-cookie" not in answers[1].headers


@pytest.mark.parametrize(("seconds", "status"), [(299, 303), (301, 403), (-1, 403)])
def test_a_key_opens_the_page_for_a_short_time(new, clock, seconds, status):
    clock.later(100)
    key = asked_with(HERE, clock())
    clock.later(seconds)
    assert new.get(key).status_code == status


def test_a_key_from_before_a_restart_opens_nothing(clock):
    """It may have been used then."""
    key = asked_with(HERE, clock())
    clock.later(1)
    again = Client(Guard(INNER, HERE, "l.db", clock_ns=clock), HERE.hosts[0])
    assert again.get(key).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", f"/?key={key}") for key in ("", "wrong", "1-2-3", HERE.token, VALUE, "%00")),
        *(("GET", f"/?key={other().url(now).partition('=')[2]}") for now in (0, 10**15)),
        ("GET", f"/?key={HERE.url(10**15).partition('=')[2].replace('1', '2', 1)}"),
        ("GET", "/?key=" + "9" * 5000 + "-a-" + "0" * 64),
        ("GET", "/"),
        ("GET", HERE.folder),
        ("GET", f"{HERE.folder}/"),
        ("GET", asked_with(HERE, 10**15).replace("/", "/api/state", 1)),
        ("GET", f"/?token={HERE.token}"),
        ("POST", asked_with(HERE, 10**15)),
        ("HEAD", asked_with(HERE, 10**15)),
    ],
)
def test_nothing_else_opens_the_page(new, method, path):
    refused = new.request(method, path)
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


def test_a_browser_that_is_not_known_gets_one_page_and_its_script(new):
    for path in ("/", "/?key=x", "/api/state", "/own", f"{HERE.folder}/api/state"):
        assert new.get(path).text == "closed"
    assert new.get("/static/door.js").text == "door"


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
    for opened in (client(), client(cookie=None), client(host="evil.example")):
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

    asyncio.run(Guard(INNER, HERE, "l.db")({"type": "websocket"}, None, send))
    assert said == ["websocket.close"]


def test_a_second_start_finds_the_desk_and_tells_nothing(monkeypatch, tmp_path):
    """Whoever listens on its port by now sees no secret, and cannot pass for the desk."""
    library = str(tmp_path / "library.db")
    addresses.write(library, HERE)
    asked = []

    def answer(port, path):
        asked.append((port, path))
        if is_foreign:
            return b'{"proof": "made up"}'
        return Client(Guard(INNER, HERE, library), HERE.hosts[0]).get(path).content

    monkeypatch.setattr(serve, "asked", answer)
    for is_foreign in (True, False):
        assert serve.running(library) == (None if is_foreign else HERE)
    assert HERE.token not in repr(asked)
    assert asked[0] != asked[1]


@pytest.mark.parametrize(
    "word", [b"x", b"HTTP/1.1 200 OK\r\nA: b\r\n", b"HTTP/1.1 200 OK\r\n\r\n{"]
)
def test_a_second_start_does_not_wait_for_somebody_who_answers_without_an_end(tmp_path, word):
    """Each piece comes in time, and the answer never ends."""
    library, sent, most = str(tmp_path / "library.db"), 0, 60
    with socket.create_server((HOST, 0)) as listener:
        addresses.write(library, Address.new(listener.getsockname()[1]))
        with ThreadPoolExecutor(1) as executor:
            found = executor.submit(serve.running, library)
            own, _ = listener.accept()
            with own, suppress(OSError):
                while sent < most and not found.done():
                    own.sendall(word)
                    sent += 1
                    time.sleep(0.2)
            assert found.result() is None
    assert sent < most


def test_an_address_of_before_the_machine_was_started_again_opens_nothing(monkeypatch, tmp_path):
    """Clocks begin again with the machine, so that a key of before could seem to be new."""
    library = str(tmp_path / "library.db")
    addresses.write(library, HERE)
    assert addresses.read(library) == HERE
    monkeypatch.setattr(machine, "boot", lambda: "another")
    assert addresses.read(library) is None
    assert addresses.last_port(library) == HERE.port  # so that a page has its notes there


def test_a_clock_that_is_set_back_between_two_starts_does_no_harm(monkeypatch):
    """The page goes on, and takes a state of a lower version for one that was overtaken."""
    for module in (serve, scan):
        before = first(module)
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: 1.0)
            assert first(module) >= before


def first(module):
    if module is serve:
        return serve.first_version()
    told = []
    scan.Scan("l.db", None, lambda _, state: told.append(state["turn"])).ask_to_stop()
    return told[0]


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
