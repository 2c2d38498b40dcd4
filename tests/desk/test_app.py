"""The answers of the desk: its page, its files, its commands, and two pages at once."""

import asyncio
import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest

from playlist_builder.desk import downloads, prepare, record_routes, run
from playlist_builder.desk.address import Address
from playlist_builder.desk.app import application
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.desk import Desk
from playlist_builder.desk.guard import Guard
from playlist_builder.desk.words import Words
from playlist_builder.errors import LibraryError
from tests.desk.support import Sound
from tests.support.desk_client import Client

HERE = Address(4321, "secret")
COOKIE = {"Cookie": f"{HERE.cookie}={HERE.cookie_value}"}


@pytest.fixture
def desk(bench, monkeypatch):
    """A desk whose bench is that of the test, in its thread."""
    own = Desk(lambda: bench)
    monkeypatch.setattr(Desk, "bench", bench)

    async def call(function):
        return function()

    own.call = call
    own.hold("a")
    return own


@pytest.fixture
def page(desk):
    words = Words("en")
    app = application(
        desk, words, [*downloads.routes(desk, words), *record_routes.routes(desk, words)]
    )
    return Client(Guard(app, HERE, "l.db"), HERE.hosts[0], HERE.folder, **COOKIE)


def do(page, name, tab="a", **given):
    return page.post(f"/api/do/{name}", json={"tab": tab, **given})


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_is_in_its_language_and_holds_its_texts(desk, language):
    app = application(desk, Words(language), [])
    found = Client(Guard(app, HERE, "l.db"), HERE.hosts[0], HERE.folder, **COOKIE).get("/").text
    assert f'<html lang="{language}">' in found
    texts = json.loads(re.search(r'id="texts">(.*?)</script>', found, re.DOTALL)[1])
    assert texts["begin"] == {"en": "Begin", "ja": "始める"}[language]
    assert HERE.token not in found


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_browser_that_is_not_known_is_told_what_to_do(desk, language):
    app = application(desk, Words(language), [])
    told = Client(Guard(app, HERE, "l.db"), HERE.hosts[0]).get("/?key=used")
    assert told.status_code == 403
    assert f'<html lang="{language}">' in told.text
    assert "playlist-builder desk" in told.text
    assert not [secret for secret in (HERE.token, HERE.folder) if secret in told.text]
    script = re.search(r'src="([^"]*)"', told.text)[1]
    found = Client(Guard(app, HERE, "l.db"), HERE.hosts[0]).get(script)
    assert found.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    [
        *("/static/..%2f..%2fguard.py", "/static/../guard.py", "/static/%2e%2e/guard.py"),
        *("/static/..%5c..%5cguard.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd"),
        *("/static/", "/static", "/static/.", "/static/guard.py", "/static/main.js%00.css"),
        *("/static/main.js/", "/static/MAIN.JS", "/templates/desk.html", "/static/desk.html"),
        *("/sound/", "/api", "/api/", "/api/do/", "/%2e%2e/", "/etc/passwd"),
    ],
)
def test_no_path_of_a_request_is_opened_and_no_folder_is_listed(page, path):
    assert page.get(path).status_code in {404, 405}


def test_scripts_and_styles_are_what_they_say(page):
    assert page.get("/static/main.js").headers["content-type"].startswith("text/javascript")
    assert page.get("/static/desk.css").headers["content-type"].startswith("text/css")


def test_a_command_is_answered_with_the_state(page):
    version = page.get("/api/state").json()["version"]
    done = do(page, "pin", place=1, version=version)
    assert done.status_code == 200
    assert done.json()["state"]["session"]["slots"][0]["pinned"]
    stale = do(page, "unpin", place=1, version=version)
    assert stale.status_code == 409
    assert stale.json()["state"]["version"] == version + 1


def test_what_cannot_be_done_is_told_in_the_language_of_the_page(page):
    refused = do(page, "swap", place=99)
    assert refused.status_code == 422
    assert "99" in refused.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"null", b"{", b'"x"', b"\xff", b"[" * 200_000),
        *(b'{"tab": "\\ud800"}', b'{"\\udfff": 1}', b'{"tab": "a", "place": NaN}'),
        *(b'{"place": 1e999}', b'{"place": -Infinity}', b'{"place": %s}' % (b"9" * 5000)),
    ],
)
@pytest.mark.parametrize("path", ["/api/do/pin", "/api/hold"])
def test_what_is_no_command_is_refused(page, desk, path, body):
    """What JSON does not know, or no answer could hold."""
    sent = page.post(path, content=body, headers={"Content-Type": "application/json"})
    assert sent.status_code == 400
    assert desk.holder == "a"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("pause", {"position_s": 10**400}),
        ("heard", {"run": 10**30, "source": "x", "events": []}),
        ("heard", {"run": "x", "source": "x", "events": [{"number": 10**30}]}),
        ("open", {"session": "9" * 30}),
        ("draw", {"place": 10**30, "level": 10**400, "stroke": ""}),
    ],
)
def test_numbers_without_end_are_refused(page, name, given):
    if name == "pause":
        assert do(page, "begin").is_success
    assert do(page, name, **given).status_code == 422


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", "0", "x", "%D9%A3"])
def test_records_that_are_not_there_are_not_found(page, number):
    assert page.get(f"/record/{number}.json").status_code == 404


def test_only_the_page_that_holds_the_desk_changes_it(page, desk):
    refused = do(page, "pin", tab="b", place=1)
    assert refused.status_code == 409
    assert refused.json() == {"holder": "a"}
    assert page.post("/api/hold", json={"tab": "b"}).status_code == 200
    assert desk.holder == "b"
    assert do(page, "pin", tab="b", place=1).status_code == 200
    assert do(page, "unpin", tab="a", place=1).status_code == 409


def test_pages_are_told_who_holds_the_desk(desk):
    async def looked_at():
        async with desk.page("a") as first, desk.page("b") as second:
            desk.hold("b")
            desk.tell_soon("scan", {"done": 1})  # nobody serves: it is told nobody
            return [[queue.get_nowait() for _ in range(queue.qsize())] for queue in (first, second)]

    first, second = asyncio.run(looked_at())
    assert '{"tab": "a"}' in first[0]
    assert '{"tab": "b"}' in first[-1] == second[-1]


def test_a_page_that_looks_on_may_hold_the_desk_when_nobody_does(desk, page):
    version = page.get("/api/state").json()["version"]
    looked = {"holder": "a", "is_free": False, "version": version}
    assert page.get("/api/holder").json() == looked
    desk.hold("")
    assert page.get("/api/holder").json() == {**looked, "holder": "", "is_free": True}

    async def just_started():
        desk.serve()
        return desk.is_free()

    assert asyncio.run(just_started()) is False  # the page that held it before comes back first


def test_a_page_that_took_the_desk_over_and_never_listens_holds_it_no_more(desk, monkeypatch):
    monkeypatch.setattr("playlist_builder.desk.desk.LISTENS_S", 0.0)

    async def held():
        desk.serve()
        async with desk.page("b"):
            desk.hold("b")
            desk.hold("c")
            await asyncio.sleep(0.05)
            return desk.holder

    assert asyncio.run(held()) == "b"


def test_the_report_is_the_one_that_is_written_and_runs_nothing(page):
    found = page.get("/report")
    assert found.status_code == 200
    assert "script-src" not in found.headers["content-security-policy"]
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert found.headers["x-frame-options"] == "DENY"
    assert "To know before you begin" in found.text
    assert set(re.findall(r'<a [^>]*href="([^"]?)', found.text)) == {"#"}


def test_the_playlist_names_its_tracks_wherever_it_is_saved(page, bench):
    found = page.get("/playlist.m3u8")
    assert 'filename="session-1.m3u8"' in found.headers["content-disposition"]
    lines = [line for line in found.text.splitlines() if line and not line.startswith("#")]
    assert lines[: len(bench.session.slots)] == [slot.path for slot in bench.session.slots]


def test_without_a_session_there_is_nothing_to_take_along(page, bench):
    bench.editor = None
    for path in ("/report", "/playlist.m3u8"):
        missing = page.get(path)
        assert missing.status_code == 404
        assert missing.text == "No session lies on the desk. Build one, or open one.\n"


def test_a_library_that_cannot_be_read_is_one_line(page, desk, monkeypatch):
    broken = mock.Mock(side_effect=LibraryError("The library is locked."))
    monkeypatch.setattr(desk.bench, "state", broken)
    answer = page.get("/api/state")
    assert (answer.status_code, answer.json()) == (422, {"error": "The library is locked."})


HOSTILE = [
    *(
        "caf\udce9 \udcff.flac",
        "</script><script>alert(1)</script>",
        "\u202eevil\u2066",
        "\x1b[31m\x07",
    ),
    *("\"'`${x}\\", "<!--", "\u2028\u2029", "\ufdd0\ufffe", "\U0001f600", "%s{x}{0}", " "),
]


@pytest.fixture
def hostile(filled, tmp_path):
    """A library whose files have such names and tags, some no tags at all; its path is no UTF-8."""
    library = tmp_path / "l\udce9.db"
    library.write_bytes(filled.read_bytes())
    with closing(sqlite3.connect(os.fsencode(library))) as raw, raw:
        for (path,) in raw.execute("SELECT path FROM files ORDER BY identity").fetchall():
            number = int(Path(os.fsdecode(path)).stem)
            name, tag = HOSTILE[number % len(HOSTILE)], HOSTILE[number // 2 % len(HOSTILE)]
            title = "" if number % 2 else tag.encode("utf-8", "replace").decode()
            own = tmp_path / f"{number} {name.replace('/', '')}"
            own.touch()
            raw.execute(
                "UPDATE files SET path = ?, title = ?, tags = ? WHERE path = ?",
                (os.fsencode(own), title, json.dumps({"artists": [title]}), path),
            )
    return library


@pytest.fixture
def hostile_page(hostile, clock):  # noqa: ARG001 - the time of day
    commands = run.guarded(prepare.COMMANDS) | run.COMMANDS
    desk = Desk(lambda: Bench(str(hostile), commands, Words("en"), Sound()))
    desk.open()
    desk.hold("a")
    routes = [*downloads.routes(desk, Words("en")), *record_routes.routes(desk, Words("en"))]
    app = Guard(application(desk, Words("en"), routes), HERE, "l.db")
    yield Client(app, HERE.hosts[0], HERE.folder, **COOKIE)
    asyncio.run(desk.close())


def test_names_and_tags_of_any_kind_are_shown(hostile_page):
    """Files are named by bytes; what is sent is UTF-8."""
    page = hostile_page
    name = HOSTILE[1]
    built = do(page, "build", profile="arc", duration_s=1800.0, person=name)
    assert built.status_code == 200
    shown = page.get("/api/state").json()
    titles = [each["title"] for each in shown["session"]["slots"]]
    assert [each for each in titles if "\udce9" in each]
    assert [each for each in titles if each == name]
    assert shown["session"]["person"] == name
    track = next(each["id"] for each in shown["session"]["slots"] if "\udce9" in each["title"])
    for command, given in (
        *(("choices", {}), ("music", {}), ("search", {"query": ""}), ("budget", {})),
        *(("candidates", {"place": 2}), ("track", {"track": track}), ("drop", {"place": 2})),
        *(("mark", {"track": track, "note": name, "banned": True}), ("undo", {})),
        *(("begin", {}), ("note", {"text": name, "position_s": 1.0})),
        *(
            ("lost", {"from_s": 1.0, "until_s": 9.0, "position_s": 1.0}),
            ("end", {"position_s": 9.0}),
        ),
    ):
        assert do(page, command, **given).status_code == 200, command
    for path in ("/report", "/playlist.m3u8", *(f"/record/1.{each}" for each in ("html", "csv"))):
        found = page.get(path)
        assert found.status_code == 200, path
        assert "<script>alert" not in found.text or not path.endswith(("report", "html"))
    assert name in str(page.get("/record/1.json").json())


@pytest.mark.parametrize("path", ["/api/state", "/record/1.csv"])
def test_a_library_with_a_name_of_any_bytes_that_fails_is_one_line(hostile_page, hostile, path):
    hostile.write_bytes(b"no library" * 1000)
    answer = hostile_page.get(path)
    assert answer.status_code in {404, 422}
    assert "is damaged" in answer.text


def test_a_page_that_looks_on_holds_the_desk_when_the_other_one_is_gone(desk, monkeypatch):
    monkeypatch.setattr("playlist_builder.desk.desk.LEFT_S", 0.0)

    async def told():
        async with desk.page("b") as first, desk.page("c") as second:
            async with desk.page("a"):
                pass
            await asyncio.sleep(0.05)
            texts = [[queue.get_nowait() for _ in range(3)] for queue in (first, second)]
        return [[json.loads(each.partition("data: ")[2])["tab"] for each in own] for own in texts]

    assert asyncio.run(told()) == [["a", "", "c"]] * 2
