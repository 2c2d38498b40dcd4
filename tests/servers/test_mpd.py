"""MPD without a real one: addresses, and every way an answer can be wrong."""

import contextlib
import gc
import socket
import threading
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playlist_builder.errors import ServerError
from playlist_builder.servers import mpd
from playlist_builder.servers.connect import connect, connect_queue
from playlist_builder.servers.match import KnownTrack
from playlist_builder.servers.mpd_address import MpdAddress, parse_address

WANTED = KnownTrack("/m/a.flac", "Quiet", "Ada", duration_s=1.0, recording_id="5b")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("mpd://host", MpdAddress("host", 6600)),
        ("mpd://host:6601/", MpdAddress("host", 6601)),
        ("mpd://[::1]:6601", MpdAddress("::1", 6601)),
        ("mpd:///run/mpd/socket", MpdAddress("/run/mpd/socket", None)),
        ("mpd:///my%20own/%23socket", MpdAddress("/my own/#socket", None)),
    ],
)
def test_addresses(target, expected):
    assert parse_address(target) == expected


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("mpd://:geheim@host", "read by others"),
        ("mpd://geheim@host", "knows no users"),
        ("mpd://", "no MPD"),
        ("mpd:///", "no MPD"),
        ("mpd://host/path", "no MPD"),
        ("mpd://host?x", "no MPD"),
        ("mpd://host:99999", "no address"),
        ("mpd://[::1", "no address"),
    ],
)
def test_addresses_that_are_none(target, words):
    with pytest.raises(ServerError, match=words) as caught:
        parse_address(target)
    assert "geheim" not in str(caught.value)


@contextlib.contextmanager
def saying(hello, answer=None):
    """Serve one client: say `hello`, then `answer(line)` to each line it says, or hang up."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                client, _ = listener.accept()
                with client, client.makefile("rb") as lines:
                    client.sendall(hello)
                    for line in lines if answer else ():
                        heard.append(line)
                        said = answer(line)
                        if said is None:
                            return
                        client.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        yield MpdAddress("127.0.0.1", listener.getsockname()[1]), heard
        thread.join(5)


@pytest.mark.parametrize("hello", [b"", b"220 ftp\r\n", b"\xff\xfe\n", b"OK MPD 0.23"])
def test_what_is_no_mpd_is_one_line(hello):
    with (
        saying(hello) as (where, _),
        pytest.raises(ServerError, match="No MPD answers") as caught,
        mpd.opened(where),
    ):
        pass
    assert str(caught.value).isprintable()


def test_a_connection_that_broke_while_it_was_spoken_to_is_closed():
    """Python-mpd2 forgets it open, which shows as a ResourceWarning."""
    answers = iter([b"OK\n"])  # to one command; then it hangs up
    with saying(b"OK MPD 0.23.0\n", lambda _: next(answers, None)) as (where, _):
        with mpd.opened(where) as player, pytest.raises(ServerError, match="broke"):
            player.enqueue(["a.flac"] * 10_000, None, None)
        gc.collect()


def test_a_local_socket_that_nobody_answers_is_closed(tmp_path):
    nobody = MpdAddress(str(tmp_path / "socket"), None)
    with pytest.raises(ServerError, match="No MPD answers"), mpd.opened(nobody):
        pass
    gc.collect()


def test_nobody_there_and_nobody_in_a_hurry_are_one_line(monkeypatch):
    with saying(b"") as (where, _), contextlib.suppress(ServerError), mpd.opened(where):
        pass
    with pytest.raises(ServerError, match="Connection refused"), mpd.opened(where):
        pass
    monkeypatch.setattr(mpd, "TIMEOUT_S", 0.1)
    with (
        saying(b"OK MPD 0.23.5\n", lambda _line: b"") as (where, _),
        pytest.raises(ServerError, match=r"no answer within 0\.1 s"),
        mpd.opened(where) as server,
    ):
        server.is_locked()


def test_text_with_a_line_break_is_never_a_command():
    """Neither a title, nor a path, nor a password brings a command of its own."""
    nasty = KnownTrack("/m/a\nclear", "b\nclear", "Ada", recording_id="c\nclear")
    with (
        saying(b"OK MPD 0.23.5\n", lambda _line: b"OK\n") as (where, heard),
        mpd.opened(where) as server,
    ):
        assert list(server.search(nasty, "a\nclear")) == []
        with pytest.raises(ServerError, match="line break"):
            server.unlock("d\nclear")
        with pytest.raises(ServerError, match="cannot name"):
            server.replace("e\nclear", ["a"])
        assert list(server.search(WANTED, 'q"\\')) == []
    assert heard[0] == b'find "file" "q\\"\\\\"\n'
    assert not any(line.startswith(b"clear") for line in heard)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"ACK [4@0] {listplaylists} you don't have permission\n", "you don't have permission"),
        (b"ACK [52@0] {listplaylists} Stored playlists are disabled\n", "playlists are disabled"),
        (b"ACK [99@0] {listplaylists} what\n", "does not speak as MPD"),
        (b"ACK\n", "does not speak as MPD"),
        (b"file\n", "does not speak as MPD"),
        (b"", "broke"),
    ],
)
def test_every_refusal_is_one_line_and_says_what_became_of_the_playlist(answer, words):
    def answers(_line):
        if not answer:
            raise OSError
        return answer

    with (
        saying(b"OK MPD 0.23.5\n", answers) as (where, _),
        pytest.raises(ServerError, match=words) as caught,
        mpd.opened(where) as server,
    ):
        server.replace("arc", ["a.flac"])
    assert str(caught.value).endswith("The playlist 'arc' is as it was.")


replies = st.binary(max_size=30) | st.sampled_from(
    [
        b"OK\n",
        b"list_OK\nOK\n",
        b"file: a\nTitle: Quiet\nTitle: Loud\nduration: nan\nOK\n",
        b"file: a\nfile: b\nOK\n",
        b"playlist: arc\nOK\n",
        b"playlist: arc (old, by playlist-builder)\nOK\n",
        b"ACK [50@0] {x} no\n",
        b"volume: x\nOK\n",
        b"song: 0\nduration: 9\nelapsed: 3\nOK\n",
        b"song: -1\nduration: x\nOK\n",
        b"command: find\nOK\n",
    ]
)


# python-mpd2 leaves a connection that broke while writing to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=60)
@given(st.lists(replies, min_size=1, max_size=6))
@example([b"ACK [x@0] {} \n"])
def test_no_answer_is_a_traceback(script):
    """Whatever bytes come: a result, or one line."""
    for call in (
        lambda server: list(server.search(WANTED, "a")),
        lambda server: server.is_locked(),
        lambda server: server.unlock("x"),
        lambda server: server.replace("arc", ["a"]),
        lambda server: server.enqueue(["a"], 1, "track"),
        lambda server: server.follow("a", ["b"], skip=True),
    ):
        rest = iter(script)
        ends = b"\n" if script[-1].endswith(b"\n") else b"\nOK\n"

        def answer(_line, rest=rest, ends=ends):
            reply = next(rest, None)
            if reply is None:
                raise OSError  # it hangs up
            return reply if reply.endswith(b"\n") else reply + ends

        with saying(b"OK MPD 0.23.5\n", answer) as (where, _):
            try:
                with mock.patch.object(mpd, "TIMEOUT_S", 0.05), mpd.opened(where) as server:
                    call(server)
            except ServerError as error:
                assert str(error).isprintable()


@pytest.fixture
def locked(monkeypatch):
    """Have every target be an MPD that answers nothing without a password."""
    client = mock.Mock()
    needed = [
        "find",
        "playlistadd",
        "listplaylist",
        "listplaylists",
        "rename",
        "rm",
        "addid",
        "delete",
    ]
    client.commands.side_effect = lambda: needed if client.password.called else []

    @contextlib.contextmanager
    def opened(where):
        yield mpd.Mpd(where, client)

    monkeypatch.setattr(mpd, "opened", opened)
    return client


@pytest.mark.parametrize("connected", [connect, connect_queue])
def test_a_password_goes_in_clear_to_another_machine_only_if_that_is_said(locked, connected):
    """As a login to a Subsonic server does; nobody is asked for it before."""
    asked = mock.Mock(return_value="geheim")
    with pytest.raises(ServerError, match="--insecure"), connected("mpd://music.example", asked):
        pass
    assert not asked.called
    with connected("mpd://music.example", asked, insecure=True):
        pass
    locked.password.assert_called_once_with("geheim")


@pytest.mark.parametrize(
    "target", ["mpd://localhost", "mpd://127.0.0.1", "mpd://[::1]", "mpd:///run/mpd/socket"]
)
def test_on_this_machine_nobody_reads_a_password(locked, target):
    with connect(target, lambda *_: "geheim"):
        pass
    locked.password.assert_called_once_with("geheim")


def test_without_a_password_nothing_has_to_be_said(locked):
    locked.password("of before")
    with connect("mpd://music.example", lambda *_: pytest.fail("asked")):
        pass


def test_a_password_that_a_server_repeats_is_not_shown(locked):
    locked.password.side_effect = mpd.mpd.CommandError("[5@0] {password} what is s%C3%BC%c3%9f+1?")
    with (
        pytest.raises(ServerError) as caught,
        connect("mpd://localhost", lambda *_: "süß 1"),
    ):
        pass
    assert "what is ***?" in str(caught.value)


@pytest.mark.parametrize("skip", [None, False, True])
def test_the_queue_is_played_once_and_in_its_order(skip):
    """Whatever was set before: a session that begins again, or loses tracks, is none."""
    client = mock.Mock()
    after = [{"file": "a"}, {"file": "b"}] if skip is not None else [{"file": "b"}]
    client.playlistid.side_effect = [[{"file": "a"}], after]
    client.status.return_value = {"song": "0", "duration": "60", "elapsed": "1"}
    server = mpd.Mpd(MpdAddress("localhost", 6600), client)
    if skip is None:
        server.enqueue(["b"], None, None)
    else:
        server.follow("a", ["b"], skip=skip)
    for name in ("repeat", "random", "single", "consume"):
        getattr(client, name).assert_called_once_with(0)
    names = [name for name, _, _ in client.method_calls]
    assert ("next" in names) is bool(skip)
    assert not skip or names.index("consume") < names.index("next")
