"""A push to supysonic, a server of the Subsonic API, also with it killed in between."""

import json
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest

from playlist_builder.servers import subsonic, subsonic_http
from tests.support.parts import needs

pytestmark = needs("supysonic-server")

CONFIGURATION = """\
[base]
database_uri = sqlite:///{own}/supysonic.db
[webapp]
cache_dir = {own}/cache
log_file = {own}/log
mount_webui = no
"""

USER = "ada"
PATIENCE_S = 120.0


def requests(connection):
    """Cut what a client says into requests; each comes over a connection of its own."""
    head, length = b"", None
    while part := connection.recv(1 << 16):
        head += part
        if length is None and b"\r\n\r\n" in head:
            start = head.index(b"\r\n\r\n") + 4
            fields = head[:start].lower()
            length = start + int(fields.partition(b"content-length:")[2].split(b"\r\n")[0])
        if length is not None and len(head) >= length:
            yield head
            head, length = b"", None


class Server:
    def __init__(self, own, music, port, secret, eventually):
        self.own, self.music, self.port, self.secret = own, music, port, secret
        self.eventually = eventually
        self.process = None
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(own), "LC_ALL": "C.UTF-8"}
        text = CONFIGURATION.format(own=own)
        (own / ".supysonic").write_text(text, encoding="utf-8")
        self.do("user", "add", USER, "-p", secret)
        self.do("user", "add", "eve", "-p", secret)
        self.do("folder", "add", "music", str(music))
        self.do("folder", "scan", "--foreground", "music")

    @property
    def target(self):
        return f"subsonic+http://{USER}@127.0.0.1:{self.port}"

    def do(self, *command):
        """Set the server up as its user would."""
        subprocess.run(
            ["/usr/bin/supysonic-cli", *command],
            env=self.environment,
            cwd=self.own,
            check=True,
            capture_output=True,
        )

    def start(self):
        self.process = subprocess.Popen(
            [
                "/usr/bin/supysonic-server",
                "--server=waitress",
                "--host=127.0.0.1",
                f"--port={self.port}",
            ],
            env=self.environment,
            cwd=self.own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def listens():
            with socket.socket() as connection:
                return connection.connect_ex(("127.0.0.1", self.port)) == 0

        self.eventually(listens, "supysonic to listen")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, user=USER, **fields):
        form = {"u": user, "p": self.secret, "c": "check", "v": "1.10.2", "f": "json"} | fields
        url = f"http://127.0.0.1:{self.port}/rest/{method}.view"
        body = urllib.parse.urlencode(form, doseq=True).encode()
        with urllib.request.urlopen(url, body, timeout=30) as answer:
            document = json.load(answer)["subsonic-response"]
        assert document["status"] == "ok", document
        return document

    def reset(self, order):
        """Leave one playlist, `arc`, that someone made by hand."""
        found = self.ask("search3", query="", songCount=100)["searchResult3"]["song"]
        ids = {each["path"]: each["id"] for each in found}
        for each in self.ask("getPlaylists")["playlists"].get("playlist", []):
            self.ask("deletePlaylist", id=each["id"])
        self.ask("createPlaylist", name="arc", songId=[ids[name] for name in order])

    def playlists(self):
        """Give the names and paths of all playlists of the user."""
        listed = self.ask("getPlaylists")["playlists"].get("playlist", [])
        return [
            (
                each["name"],
                [e["path"] for e in self.ask("getPlaylist", id=each["id"])["playlist"]["entry"]],
            )
            for each in listed
        ]


@pytest.fixture
def server(music, tmp_path, free_port, secret, eventually):
    """A supysonic of our own that has read the music folder."""
    own = tmp_path / "supysonic"
    own.mkdir()
    server = Server(own, music, free_port, secret, eventually).start()
    try:
        yield server
    finally:
        server.kill()


def test_every_name_is_there_in_order_and_a_second_push_replaces(
    server, push, session, music, new, old
):
    done = push(session(new, artist="Other"), server.target, "--map", f"{music}=")
    assert done.json == {"target": server.target, "name": "arc", "pushed": 12, "unmatched": []}
    assert (done.code, server.playlists()) == (0, [("arc", new)])
    push(session(old), server.target, "--map", f"{music}=")
    assert server.playlists() == [("arc", old)]
    assert push(session(new), server.target, "--name", 'ガーデン \'n "q" #1 \\ &').code == 0
    assert sorted(server.playlists()) == [("arc", old), ('ガーデン \'n "q" #1 \\ &', new)]


def test_tracks_elsewhere_are_known_by_their_tags(server, push, session, new):
    done = push(session([*new, "gone.flac"], folder="/elsewhere"), server.target)
    assert (done.code, len(done.lines), server.playlists()) == (1, 2, [])
    assert [each["title"] for each in done.json["unmatched"]] == ["gone.flac"]
    push(session([*new, "gone.flac"], folder="/elsewhere"), server.target, "--allow-missing")
    assert server.playlists() == [("arc", new)]


def test_playlists_of_others_and_doubles_stay(server, push, session, music, new):
    """Another user's playlist is not ours to replace, and of two nobody knows which is meant."""
    server.ask("createPlaylist", user="eve", name="arc")
    folder = ("--map", f"{music}=")
    assert push(session(new), server.target, *folder).code == 0
    assert len(server.ask("getPlaylists", user="eve")["playlists"]["playlist"]) == 1
    for _ in range(2):
        server.ask("createPlaylist", name="mine")
    done = push(session(new), server.target, "--name", "mine", *folder)
    assert (done.code, len(done.lines)) == (1, 1)
    assert "keeps 2 playlists of the name 'mine'" in done.lines[0]
    assert len(server.ask("getPlaylists")["playlists"]["playlist"]) == 3


def test_all_tracks_are_read_page_by_page(server, monkeypatch, names, secret):
    monkeypatch.setattr(subsonic, "PAGE", 5)
    found = subsonic.Subsonic(subsonic_http.parse_address(server.target), secret).list_all()
    assert sorted(each.path for each in found) == sorted([*names, "#1.flac"])


def test_a_wrong_password_is_one_line(server, push, session, new, secret):
    for password, words in (("wrong", "does not take this password"), ("", "needs a password")):
        done = push(session(new), server.target, password=password)
        assert (done.code, len(done.lines), done.json) == (1, 1, None)
        assert words in done.lines[0]
    url = server.target.replace("@", f":{secret.split()[0]}@")
    done = push(session(new), url)
    assert (done.code, len(done.lines)) == (1, 1)
    assert secret.split()[0] not in done.lines[0]


def test_the_old_playlist_outlives_the_server(server, push, session, music, proxy, new, old):
    """It is killed at every request that follows the search: before it, or when it has answered."""
    between = proxy(server.port, requests)
    target, folder = f"subsonic+http://{USER}@127.0.0.1:{between.port}", ("--map", f"{music}=")
    push(session(old), target, *folder)
    between.arm(None, None)
    assert push(session(new), target, *folder).code == 0
    said = [request.split(b"/rest/")[1].split(b".view")[0] for request in between.requests]
    first = max(place for place, word in enumerate(said) if word == b"search3") + 1
    changes = {b"createPlaylist", b"updatePlaylist", b"deletePlaylist"}
    moments = [(place, False) for place in range(first, len(said))]
    moments += [(place, True) for place in range(first, len(said)) if said[place] in changes]
    renaming = max(place for place, word in enumerate(said) if word == b"updatePlaylist")
    for moment, late in moments:
        server.reset(old)
        between.arm(moment, server.kill, late=late)
        done = push(session(new), target, *folder)
        assert (done.code, len(done.lines)) == (1, 1), done.lines
        assert str(between.port) in done.lines[0]
        assert between.killed.wait(PATIENCE_S)
        server.start()
        held = [paths for name, paths in server.playlists() if name == "arc"]
        if moment < renaming or (moment == renaming and not late):
            assert held == [old], said[moment]
        assert held in ([old], [new], [old, new], [new, old]), said[moment]
        assert push(session(new), server.target, *folder).code == 0
        assert server.playlists() == [("arc", new)]
    assert len(moments) >= 12
