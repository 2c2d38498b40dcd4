"""The command `push` up to the server: its options, where secrets come from, and what it refuses.

What reaches a server is checked with real ones, in `tests/external/server`.
"""

import builtins
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from click.testing import CliRunner

from playlist_builder.cli import main, output
from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import session_json
from playlist_builder.servers import mpd, subsonic
from playlist_builder.servers.match import Candidate
from tests.support.documents import in_turn

SECRET = "geheim"  # noqa: S105 - of no server
LOUDNESS = ("loudness_lufs", "start_loudness_lufs", "end_loudness_lufs")
TARGET = "subsonic+https://ada@music.example"
SLOTS = [
    Slot(f"/m/{n}.flac", str(n), f"Title {n}", "Ada", "Rooms", 0.0, 60.0, "calm", 0.2, 0.2)
    for n in range(3)
]


class FakeServer:
    """A server that holds the first two tracks."""

    def __init__(self):
        self.got = []

    def music_folder(self):
        return None

    def search(self, track, path):
        return [Candidate(path, path)] if track.title != "Title 2" else []

    def list_all(self):
        return []

    def replace(self, name, keys):
        self.got.append((name, list(keys)))
        return len(keys)


@pytest.fixture
def session(tmp_path):
    made = Session("arc", "relative", 180.0, 180.0, 0.1, 0.1, 0.1, SLOTS[:2], SLOTS[2:])
    file = tmp_path / "tonight.json"
    file.write_text(session_json.dump(in_turn(made)), encoding="utf-8")
    return str(file)


@pytest.fixture
def shelf(monkeypatch):
    """Have `Subsonic` be a fake server that notes the password."""
    one = FakeServer()

    def made(_where, password):
        one.password = password
        return one

    monkeypatch.setattr(subsonic, "Subsonic", made)
    return one


@pytest.fixture
def push(monkeypatch, tmp_path):
    """Run the command in this process, without the user's keyring and library."""
    monkeypatch.setenv("PLAYLIST_BUILDER_LIBRARY", str(tmp_path / "none.db"))
    monkeypatch.delenv("PLAYLIST_BUILDER_PASSWORD", raising=False)
    monkeypatch.delenv("MPD_PASSWORD", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)

    def run(*arguments, typed=None):
        result = CliRunner().invoke(main, ["push", *arguments], input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert SECRET not in result.output + result.stderr
        lines = result.stderr.strip().splitlines()
        return SimpleNamespace(code=result.exit_code, out=result.stdout, lines=lines)

    return run


def test_nothing_is_pushed_while_tracks_are_missing(push, session, shelf, monkeypatch, tmp_path):
    """They are listed; one option leaves them out. No library is made."""
    monkeypatch.setenv("PLAYLIST_BUILDER_PASSWORD", SECRET)
    done = push(session, TARGET, "--json")
    missing = [{"title": "Title 2", "path": "/m/2.flac", "why": "not found"}]
    document = {"target": TARGET, "name": "arc", "pushed": 0, "unmatched": missing}
    assert (done.code, json.loads(done.out), shelf.got) == (1, document, [])
    assert done.lines[0] == "not found: Title 2 (/m/2.flac)"
    assert "1 of 3 tracks are not known on the server" in done.lines[1]
    done = push(session, TARGET, "--json", "--allow-missing", "--name", "calm", "--map", "/m=")
    document |= {"name": "calm", "pushed": 2}
    assert (done.code, json.loads(done.out)) == (0, document)
    assert shelf.got == [("calm", ["0.flac", "1.flac"])]
    done = push(session, TARGET, "--allow-missing")
    assert done.out == f"2 of 3 tracks are in 'arc' on {TARGET}.\n"
    assert not (tmp_path / "none.db").exists()


def test_secrets_come_from_the_environment_or_the_keyring(push, session, shelf, monkeypatch):
    done = push(session, TARGET, "--allow-missing")
    assert (done.code, len(done.lines)) == (1, 1)
    assert f"keyring set playlist-builder {TARGET}" in done.lines[0]
    errors = ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})
    keyring = ModuleType("keyring")
    keyring.errors = errors
    keyring.get_password = lambda service, user: f"{service} {user}"
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert push(session, TARGET, "--allow-missing").code == 0
    assert shelf.password == f"playlist-builder {TARGET}"

    def closed(_service, _user):
        raise errors.KeyringError("closed")

    keyring.get_password = closed
    assert push(session, TARGET, "--allow-missing").code == 1
    monkeypatch.setenv("PLAYLIST_BUILDER_PASSWORD", SECRET)
    assert push(session, TARGET, "--allow-missing").code == 0
    assert shelf.password == SECRET


def test_a_prompt_shows_nothing_of_what_is_typed(push, session, shelf, monkeypatch):
    monkeypatch.setattr("playlist_builder.cli.push._is_interactive", lambda: True)
    assert push(session, TARGET, "--allow-missing", typed=f"{SECRET}\n").code == 0
    assert shelf.password == SECRET


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([f"subsonic+https://ada:{SECRET}@music.example"], 1, "command line is read by others"),
        ([f"mpd://:{SECRET}@host"], 1, "command line is read by others"),
        ([f"https://ada:{SECRET}@music.example"], 1, "no server that is known"),
        (["subsonic+http://ada@music.example"], 1, "Over plain http"),
        ([TARGET, "--queue"], 2, "--queue is for MPD"),
        ([TARGET, "--crossfade", "3"], 2, "need --queue"),
        (["mpd://host", "--queue", "--name", "x"], 2, "no name"),
        ([TARGET, "--name", "a\nb"], 1, "cannot name a playlist"),
        ([TARGET, "--map", "music"], 2, "FROM=TO"),
    ],
)
def test_what_cannot_be_is_refused_before_any_server_is_asked(
    push, session, arguments, code, words
):
    done = push(session, *arguments)
    assert done.code == code
    assert words in done.lines[-1]
    assert code == 2 or len(done.lines) == 1


def test_without_python_mpd2_one_line_says_how_to_get_it(push, session, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name == "mpd":
            raise ModuleNotFoundError("No module named 'mpd'", name="mpd")
        return real(name, *arguments, **options)

    monkeypatch.delitem(sys.modules, mpd.__name__)
    monkeypatch.delattr("playlist_builder.servers.mpd")
    monkeypatch.setattr(builtins, "__import__", without)
    done = push(session, "mpd://host")
    assert done.code == 1
    assert done.lines == ["Error: Pushing to MPD needs python-mpd2: pip install python-mpd2"]


@pytest.mark.usefixtures("shelf")
def test_a_push_tells_the_steps_of_loudness_that_are_heard(push, session, monkeypatch):
    monkeypatch.setenv("PLAYLIST_BUILDER_PASSWORD", SECRET)
    document = json.loads(Path(session).read_text(encoding="utf-8"))
    for slot, lufs in zip(document["slots"], (-30.0, -14.0), strict=True):
        slot.update(dict.fromkeys(LOUDNESS, lufs))
    Path(session).write_text(json.dumps(document), encoding="utf-8")
    lines = push(session, TARGET, "--allow-missing").lines
    assert any(line.startswith("heard as it is: 1:00 'Title 1' comes in 16.0 LU") for line in lines)


@pytest.mark.parametrize(("count", "text"), [(6, "1 more step of"), (7, "2 more steps of")])
def test_steps_that_are_told_by_their_number_alone_are_counted(capsys, count, text):
    step = notice("heard_within", at_s=60.0, title="A", step_lu=4.0)
    output.tell_heard([step] * count)
    assert capsys.readouterr().err.splitlines()[-1] == f"heard as it is: {text} loudness"
