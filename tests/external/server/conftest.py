"""Music with hard names, sessions of it, and a way to have a server die in a push."""

import contextlib
import json
import socket
import subprocess
import threading
import time
from types import SimpleNamespace

import mpd as mpd2
import numpy as np
import pytest

from playlist_builder.audio import encode
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import session_json
from tests.support.commands import invoke
from tests.support.documents import in_turn

SAMPLE_RATE_HZ = 8000
SECRET = "geheim wörd&=%20'\"#"

NAMES = [
    "plain.flac",
    "two  words.flac",
    "in/#folder/track.flac",
    "Nocturne in C#.flac",
    "it's.flac",
    'say "hush".flac',
    "100%20percent.flac",
    "a+b & c=d;e,f.flac",
    "back\\slash.flac",
    "who?*[x].flac",
    "ガーデンで.flac",
    "🌙 ночь.flac",
]


def id_of(place):
    return f"5b11f4ce-a62d-471e-81fc-a69a8278c7{place:02d}"


@pytest.fixture
def recording_id():
    """Give the MusicBrainz id in the tags of the file at a place of the names."""
    return id_of


@pytest.fixture
def names():
    return NAMES


@pytest.fixture
def new():
    return NAMES[::-1]


@pytest.fixture
def old():
    return [NAMES[3], NAMES[10], NAMES[0]]


@pytest.fixture
def secret():
    return SECRET


@pytest.fixture(scope="session")
def music(tmp_path_factory):
    """A folder with a short FLAC of each name, all of them with the tags of one program."""
    folder = tmp_path_factory.mktemp("my music").resolve()
    for place, name in enumerate([*NAMES, "#1.flac"]):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        length = SAMPLE_RATE_HZ * (1 + place % 3)
        samples = np.sin(np.arange(length) * (place + 2) / 50, dtype=np.float32)[None] / 4
        tags = {
            "title": f"Title {name}",
            "artist": f"Artist {place % 5}",
            "album": "Album",
            "musicbrainz_trackid": id_of(place),
        }
        encode.write_flac(str(file), samples, SAMPLE_RATE_HZ, tags)
    return folder


def slot(path, place, title, **others):
    return Slot(
        **{
            "path": str(path),
            "identity": str(place),
            "title": title,
            "artist": f"Artist {place % 5}",
            "album": "Album",
            "start_s": 0.0,
            "end_s": 1.0 + place % 3,
            "phase": "calm",
            "energy": 0.2,
            "target": 0.2,
        }
        | others
    )


@pytest.fixture
def session(music, tmp_path):
    """Write a session file of these names, as if the music lay in `folder`; give its path."""

    def written(names, folder=music, **others):
        slots = [
            slot(f"{folder}/{name}", NAMES.index(name), f"Title {name}", **others)
            if name in NAMES
            else slot(f"{folder}/{name}", 0, name, artist="Nobody")
            for name in names
        ]
        made = Session(
            profile="arc",
            scale="relative",
            target_s=60.0,
            duration_s=60.0,
            cost=0.1,
            bound=0.1,
            rms_error=0.1,
            slots=slots[:-1] or slots,
            tail=slots[-1:] if slots[1:] else [],
        )
        file = tmp_path / "session.json"
        file.write_text(session_json.dump(in_turn(made)), encoding="utf-8")
        return file

    return written


@pytest.fixture
def push(tmp_path):
    """Run the command; give its exit code, its JSON and its lines on standard error."""

    def run(*arguments, password=SECRET, **environment):
        done = invoke(
            *("push", *arguments, "--json"),
            PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
            PLAYLIST_BUILDER_LIBRARY=str(tmp_path / "none.db"),
            PLAYLIST_BUILDER_PASSWORD=password,
            **environment,
        )
        assert SECRET not in done.stderr + done.stdout
        document = json.loads(done.stdout) if done.stdout else None
        return SimpleNamespace(
            code=done.code, json=document, lines=done.stderr.strip().splitlines()
        )

    return run


class Proxy:
    """Stands before a server on the loopback address, and can have it die at a request.

    `cut` splits what a client sends into requests. The `deadly` request, counted from 0, is the
    last: `fatal` is called before the server sees it, or, if `late`, after it has answered.
    """

    def __init__(self, port, cut):
        self.port_of_server = port
        self.cut = cut
        self.requests = []
        self.deadly, self.late, self.fatal = None, False, None
        self.is_dead = False
        self.killed = threading.Event()  # set when `fatal` has done its work
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, deadly, fatal, *, late=False):
        self.requests.clear()
        self.killed.clear()
        self.deadly, self.late, self.fatal, self.is_dead = deadly, late, fatal, False

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            if self.is_dead:
                return
            with socket.create_connection(("127.0.0.1", self.port_of_server)) as server:
                answers = threading.Thread(target=self._answers, args=(server, client), daemon=True)
                answers.start()
                for request in self.cut(client):
                    with self.lock:
                        self.requests.append(request)
                        dies = len(self.requests) - 1 == self.deadly
                    if dies:
                        self._die(server, client, request)
                        return
                    server.sendall(request)
                answers.join(5)

    def _die(self, server, client, request):
        self.is_dead = True  # from here on no answer gets through
        if self.late:
            server.sendall(request)
            time.sleep(0.3)
        self.fatal()
        self.killed.set()
        for side in (client, server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _answers(self, server, client):
        with contextlib.suppress(OSError):
            while part := server.recv(1 << 16):
                if self.is_dead:
                    return
                client.sendall(part)
            client.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy():
    """Make a proxy before a port."""
    with contextlib.ExitStack() as stack:

        def made(port, cut):
            one = Proxy(port, cut)
            stack.callback(one.listener.close)
            return one

        yield made


CONFIGURATION = """\
music_directory "{music}"
playlist_directory "{own}/playlists"
db_file "{own}/database"
state_file "{own}/state"
log_file "{own}/log"
bind_to_address "127.0.0.1"
bind_to_address "{own}/socket"
port "{port}"
{more}
audio_output {{
    type "null"
    name "null"
}}
"""


class Server:
    def __init__(self, own, music, port, eventually):
        self.own, self.music, self.port, self.eventually = own, music, port, eventually
        self.target = f"mpd://127.0.0.1:{port}"
        self.process = None
        (own / "playlists").mkdir()

    def start(self, more=""):
        text = CONFIGURATION.format(music=self.music, own=self.own, port=self.port, more=more)
        (self.own / "configuration").write_text(text, encoding="utf-8")
        self.process = subprocess.Popen(
            ["mpd", "--no-daemon", self.own / "configuration"],  # noqa: S607
            stderr=subprocess.DEVNULL,
        )
        return self

    def listens(self):
        """Whether it listens on its socket; python-mpd2 would leave its own one open if not."""
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(f"{self.own}/socket") == 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def client(self):
        """A client of our own, on the local socket."""
        client = mpd2.MPDClient()
        client.timeout = 30

        self.eventually(self.listens, "MPD to listen")
        client.connect(f"{self.own}/socket")
        try:
            yield client
        finally:
            client.disconnect()

    def ask(self, command, *arguments):
        with self.client() as client:
            return getattr(client, command)(*arguments)

    def reset(self, order):
        """Leave one stored playlist, `arc`."""
        with self.client() as client:
            for row in client.listplaylists():
                client.rm(row["playlist"])
            for name in order:
                client.playlistadd("arc", name)

    def names(self):
        return sorted(row["playlist"] for row in self.ask("listplaylists"))

    def held(self, name="arc"):
        return self.ask("listplaylist", name)


@pytest.fixture
def server(music, tmp_path, free_port, eventually):
    """An MPD of our own that has read the music folder."""
    own = tmp_path / "mpd"
    own.mkdir()
    server = Server(own, music, free_port, eventually).start()
    try:
        with server.client() as client:
            client.update()
            eventually(lambda: "updating_db" not in client.status(), "MPD to read the music")
        yield server
    finally:
        server.kill()
