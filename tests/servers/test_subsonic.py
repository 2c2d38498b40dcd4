"""Subsonic without a real server: what goes over the wire, and every way an answer can be wrong."""

import contextlib
import hashlib
import http.server
import json
import threading
import urllib.parse
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import ServerError
from playlist_builder.servers import subsonic, subsonic_http
from playlist_builder.servers.match import KnownTrack
from playlist_builder.servers.subsonic import Subsonic
from playlist_builder.servers.subsonic_http import Connection, SubsonicAddress, parse_address

SECRET = "geheim&wörd"  # noqa: S105 - of no server
WANTED = KnownTrack("/m/a.flac", "Title 1", "Ada", duration_s=1.0)


def refusal(call, *arguments, **options):
    """The line that refuses."""
    with pytest.raises(ServerError) as caught:
        call(*arguments, **options)
    line = str(caught.value)
    assert line.isprintable()
    assert len(line) < 500
    assert not any(part in line for part in (SECRET, SECRET.encode().hex()))
    return line


@pytest.mark.parametrize(
    ("target", "url", "user", "is_private"),
    [
        ("subsonic+https://ada@host", "https://host", "ada", True),
        ("subsonic+https://ada@host:8443/music/", "https://host:8443/music", "ada", True),
        ("subsonic+https://ada%40home@host", "https://host", "ada@home", True),
        ("subsonic+http://ada@127.0.0.1:4533", "http://127.0.0.1:4533", "ada", True),
        ("subsonic+http://ada@localhost", "http://localhost", "ada", True),
        ("subsonic+http://ada@[::1]:80", "http://[::1]:80", "ada", True),
    ],
)
def test_addresses(target, url, user, is_private):
    assert parse_address(target) == SubsonicAddress(url, user, is_private)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("subsonic+http://ada@host", "anyone on the way to host can read the login"),
        ("subsonic+http://ada@localhost.evil.example", "--insecure"),
        ("subsonic+https://ada:geheim&wörd@host", "set PLAYLIST_BUILDER_PASSWORD"),
        ("subsonic+https://ada:@host", "set PLAYLIST_BUILDER_PASSWORD"),
        ("subsonic+https://host", "names no user"),
        ("subsonic+https://ada@", "no Subsonic server"),
        ("subsonic+https://ada@host:99999", "no address"),
        ("subsonic+https://ada@host:x", "no address"),
        ("subsonic+https://ada@[::1", "no address"),
        ("subsonic+https://ada@host/?x=1", "no Subsonic server"),
        ("subsonic+https://ada@ho st/", "no address"),
        ("subsonic+https://ada@höst/", "no address"),
        ("https://ada@host", "no Subsonic server"),
    ],
)
def test_addresses_that_are_none(target, words):
    assert words in refusal(parse_address, target)


def test_plain_http_to_others_only_if_that_is_said():
    assert parse_address("subsonic+http://ada@host", insecure=True) == SubsonicAddress(
        "http://host", "ada", is_private=False
    )


class Shelf:
    """The API as Navidrome and gonic speak it: login by token, ids in the answers."""

    def __init__(self):
        self.tracks = {
            f"tr-{n}": {
                "id": f"tr-{n}",
                "title": f"Title {n}",
                "artist": "Ada",
                "path": f"{n}.flac",
                "duration": n,
                "musicBrainzId": f"mb-{n}",
            }
            for n in range(1, 8)
        }
        self.playlists = {}
        self.methods = []
        self.fails_at = None

    def answer(self, method, form):
        self.methods.append(method)
        if len(self.methods) - 1 == self.fails_at:
            return 500, b"<html>"
        (salt,), (token,) = form["s"], form["t"]
        if token != hashlib.md5((SECRET + salt).encode()).hexdigest():  # noqa: S324 - of the API
            return 200, failed(40, "Wrong username or password")
        return 200, ok(**getattr(self, method, lambda _form: {})(form))

    def search3(self, form):
        (query,), (count,), (offset,) = form["query"], form["songCount"], form["songOffset"]
        found = [each for each in self.tracks.values() if query in each["title"]]
        return {"searchResult3": {"song": found[int(offset) :][: int(count)]}}

    def getPlaylists(self, _form):  # noqa: N802 - named by the API
        shown = [
            {key: each[key] for key in each if key != "entry"} for each in self.playlists.values()
        ]
        return {"playlists": {"playlist": shown[0] if len(shown) == 1 else shown}}

    def getPlaylist(self, form):  # noqa: N802
        playlist = self.playlists[form["id"][0]]
        return {"playlist": playlist | {"entry": [self.tracks[key] for key in playlist["entry"]]}}

    def createPlaylist(self, form):  # noqa: N802
        key = f"pl-{len(self.methods)}"
        self.add(key, form["name"][0], form.get("songId", []))
        return {"playlist": {"id": key}}

    def updatePlaylist(self, form):  # noqa: N802
        playlist = self.playlists[form["playlistId"][0]]
        for field in ("name", "comment"):
            playlist[field] = form.get(field, [playlist[field]])[0]
        if "public" in form:
            playlist["public"] = form["public"] == ["true"]
        return {}

    def deletePlaylist(self, form):  # noqa: N802
        del self.playlists[form["id"][0]]
        return {}

    def add(self, key, name, entry, owner="Ada", *, public=False):
        self.playlists[key] = {
            "id": key,
            "name": name,
            "owner": owner,
            "comment": "",
            "public": public,
            "entry": list(entry),
        }

    def named(self, name):
        return [each for each in self.playlists.values() if each["name"] == name]


def ok(**parts):
    return json.dumps({"subsonic-response": {"status": "ok", "version": "1.16.1"} | parts}).encode()


def failed(code, message):
    error = {"code": code, "message": message}
    return json.dumps({"subsonic-response": {"status": "failed", "error": error}}).encode()


@contextlib.contextmanager
def serving(answer):
    """Serve what `answer(method, form)` gives: status and body, or also headers; tell the URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            method = self.path.rpartition("/")[2].removesuffix(".view")
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, body, *more = answer(
                method, urllib.parse.parse_qs(body, keep_blank_values=True)
            )
            self.send_response(status)
            for key, value in more:
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield SubsonicAddress(f"http://127.0.0.1:{server.server_port}", "ada", is_private=True)
        finally:
            server.shutdown()
            thread.join()


def test_a_push_replaces_what_has_the_name_and_nothing_else():
    """It stays public, if it was, and another user's playlist stays as it is."""
    shelf = Shelf()
    shelf.add("old", "arc", ["tr-1"], public=True)
    shelf.add("hers", "arc", ["tr-2"], owner="eve")
    shelf.add("rest", "calm", ["tr-3"])
    with serving(shelf.answer) as where:
        server = Subsonic(where, SECRET)
        assert [each.recording_id for each in server.search(WANTED, "")] == ["mb-1"]
        assert len(list(server.list_all())) == 7
        for keys in (["tr-3", "tr-1"], ["tr-7"]):
            assert server.replace("arc", keys) == len(keys)
            (made, hers) = sorted(shelf.named("arc"), key=lambda each: each["owner"])
            assert (made["entry"], made["public"], hers["id"]) == (keys, True, "hers")
            assert len(shelf.playlists) == 3


def test_the_old_playlist_is_whole_whatever_request_fails():
    """And one more push leaves one playlist of the name."""
    count = 0
    while True:
        shelf = Shelf()
        shelf.add("old", "arc", ["tr-1"])
        with serving(shelf.answer) as where:
            server = Subsonic(where, SECRET)
            shelf.fails_at = len(shelf.methods) + count
            try:
                server.replace("arc", ["tr-2", "tr-3"])
            except ServerError as error:
                assert str(error).endswith(("is as it was.", "push again."))
            entries = [each["entry"] for each in shelf.named("arc")]
            assert entries
            assert all(each in (["tr-1"], ["tr-2", "tr-3"]) for each in entries)
            if shelf.fails_at >= len(shelf.methods):
                break
            shelf.fails_at = None
            server.replace("arc", ["tr-4"])
            assert [each["entry"] for each in shelf.playlists.values()] == [["tr-4"]]
        count += 1
    assert count >= 10


def test_a_server_that_keeps_something_else_leaves_the_old_one():
    shelf = Shelf()
    shelf.add("old", "arc", ["tr-1"])
    honest = shelf.createPlaylist
    shelf.createPlaylist = lambda form: honest(form | {"songId": form["songId"][:1]})
    with serving(shelf.answer) as where:
        line = refusal(Subsonic(where, SECRET).replace, "arc", ["tr-2", "tr-3"])
    assert "reads back 1 tracks" in line
    assert line.endswith("is as it was.")
    assert list(shelf.playlists) == ["old"]


def test_the_password_is_sent_only_where_nobody_listens():
    """A server that knows no tokens gets it on this machine or over https, and else not."""
    forms = []

    def answer(_method, form):
        forms.append(form)
        return (200, ok()) if "p" in form else (200, failed(41, "no tokens"))

    with serving(answer) as where:
        Subsonic(where, SECRET)
        assert forms[-1]["p"] == [f"enc:{SECRET.encode().hex()}"]
        forms.clear()
        line = refusal(Subsonic, SubsonicAddress(where.url, "ada", is_private=False), SECRET)
    assert "Use subsonic+https://" in line
    assert all("p" not in form for form in forms)


def test_a_search_that_repeats_itself_ends():
    song = [{"id": str(n), "title": "x"} for n in range(subsonic.PAGE)]
    calls = []

    def answer(method, _form):
        calls.append(method)
        return 200, ok(searchResult3={"song": song})

    with serving(answer) as where:
        assert len(list(Subsonic(where, SECRET).list_all())) == subsonic.PAGE
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("status", "body", "headers", "words"),
    [
        (404, b"", (), "HTTP status 404"),
        (500, b"<html>", (), "HTTP status 500"),
        (401, b"", (), "does not let 'ada' in"),
        (
            302,
            b"",
            (("Location", "https://evil.example/rest/ping.view"),),
            "'https://evil.example'",
        ),
        (200, b"", (), "does not speak as a Subsonic server"),
        (200, b"<html>", (), "does not speak as a Subsonic server"),
        (200, b"\xff\xfe\x00", (), "does not speak as a Subsonic server"),
        (200, b"[" * 100_000, (), "does not speak as a Subsonic server"),
        (200, b'{"subsonic-response": {}}', (), "does not speak as a Subsonic server"),
        (200, b"{}", (("Content-Length", "99"),), "broke within an answer"),
        (200, b"x", (("Transfer-Encoding", "chunked"),), "Cannot reach"),
        (200, failed(40, "Wrong"), (), "does not take this password for 'ada'"),
        (200, failed(0, f"a\n\x1b[31m {SECRET}"), (), "refused: a [31m *** (error 0)"),
        (200, failed("x", None), (), "refused: without a reason"),
    ],
)
def test_every_wrong_answer_is_one_line(status, body, headers, words):
    with serving(lambda _method, _form: (status, body, *headers)) as where:
        assert words in refusal(Subsonic, where, SECRET)


def test_answers_without_end_and_without_haste_are_cut_off(monkeypatch):
    monkeypatch.setattr(subsonic_http, "ANSWER_LIMIT_BYTES", 1000)
    with serving(lambda _method, _form: (200, b" " * 5000)) as where:
        assert "larger than any playlist" in refusal(Subsonic, where, SECRET)
    monkeypatch.setattr(subsonic_http, "TIMEOUT_S", 0.1)
    late = threading.Event()
    with serving(lambda _method, _form: (200, b"x" * late.wait(0.5))) as where:
        assert "no answer within 0.1 s" in refusal(Subsonic, where, SECRET)
    monkeypatch.setattr(subsonic_http, "ANSWER_LIMIT_S", -1.0)
    with serving(lambda _method, _form: (200, ok())) as where:
        assert "did not end its answer" in refusal(Subsonic, where, SECRET)


def test_nobody_there_is_one_line():
    with serving(lambda _method, _form: (200, ok())) as where:
        pass
    assert "Connection refused" in refusal(Subsonic, where, SECRET)


words = st.sampled_from(
    [
        *("subsonic-response", "status", "ok", "failed", "error", "code", "message", "playlists"),
        *("playlist", "id", "name", "entry", "owner", "comment", "public", "searchResult3", "song"),
        *("title", "artist", "path", "duration", "musicBrainzId", "arc", "ada", "1"),
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5),
    max_leaves=20,
)
answers = st.dictionaries(words, values).map(lambda parts: ok(**parts)) | values.map(
    lambda value: json.dumps(value).encode()
)


@given(st.lists(answers | st.binary(max_size=20), min_size=1, max_size=12))
def test_no_answer_is_a_traceback(bodies):
    """Whatever JSON or bytes come: a result, or one line."""
    with mock.patch.object(Connection, "_send", return_value=ok()):
        server = Subsonic(SubsonicAddress("https://host", "ada", is_private=True), SECRET)
    for call in (
        lambda: list(server.search(WANTED, "")),
        lambda: list(server.list_all()),
        lambda: server.replace("arc", ["1"]),
    ):
        rest = [*bodies * 4, *[b""] * 100]
        with mock.patch.object(Connection, "_send", side_effect=rest):
            try:
                call()
            except ServerError as error:
                assert str(error).isprintable()
