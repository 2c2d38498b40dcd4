"""The desk as a process: found by a second start, and ended."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from playlist_builder.desk import address as addresses
from playlist_builder.desk import serve
from playlist_builder.desk.address import HOST, Address
from playlist_builder.desk.alone import alone, holder
from playlist_builder.desk.serve import renew
from playlist_builder.errors import DeskError
from tests.support.libraries import fill_there

PATIENCE_S = 60.0


@contextmanager
def started(library):
    words = ("-m", "playlist_builder", "desk", "--no-browser", "--library", library)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, *words], **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def server_and_path(process):
    said = (re.search(r"http://(127\.0\.0\.1:\d+)(/\S+)", line) for line in process.stderr)
    return next(found for found in said if found).groups()  # one that waits says so before


def opened(server, path):
    connection = http.client.HTTPConnection(server, timeout=PATIENCE_S)
    connection.request("GET", path)
    return connection.getresponse().status


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return fill_there(tmp_path_factory.mktemp("serve"), 30)


def test_a_second_start_finds_the_first_and_shows_another_key(library):
    with started(library) as first:
        server, path = server_and_path(first)
        with started(library) as second:
            again, other = server_and_path(second)
            assert second.wait(PATIENCE_S) == 0
        assert (again, path == other) == (server, False)
        assert [opened(server, each) for each in (path, other, path)] == [303, 303, 403]


def test_two_that_start_at_the_same_moment_are_one_desk(library):
    with started(library) as one, started(library) as other:
        servers = {server_and_path(each)[0] for each in (one, other)}
        until_s = time.monotonic() + PATIENCE_S
        while one.poll() is other.poll() is None and time.monotonic() < until_s:
            time.sleep(0.1)
        assert {one.poll(), other.poll()} == {None, 0}
    assert len(servers) == 1


def test_the_desk_of_a_library_is_found_by_a_link_to_it(library, tmp_path):
    link = tmp_path / "linked.db"
    link.symlink_to(library)
    with started(library) as first:
        server, path = server_and_path(first)
        with started(link) as second:
            again, other = server_and_path(second)
            assert second.wait(PATIENCE_S) == 0
        assert (again, path == other) == (server, False)
    with started(link) as first, started(library) as second:
        assert server_and_path(first)[0] == server_and_path(second)[0]


def test_a_desk_by_a_link_leaves_the_backup_where_commands_by_that_link_keep_it(tmp_path):
    library, link = fill_there(tmp_path, 5), tmp_path / "linked.db"
    link.symlink_to(library)
    Path(f"{library}.backup").unlink(missing_ok=True)
    with started(link) as first:
        assert opened(*server_and_path(first)) == 303
    assert Path(f"{link}.backup").exists()
    assert not Path(f"{library}.backup").exists()


def test_a_desk_that_answers_nothing_is_named_and_no_other_one_begins(library, monkeypatch):
    monkeypatch.setattr(serve, "BEGINS_S", 0.5)
    monkeypatch.setattr(serve, "TELLS_S", 0.2)
    told = []
    with (
        alone(str(library)) as is_alone,
        pytest.raises(DeskError, match=f"runs as process {os.getpid()}, but does not answer"),
        serve.only(str(library), lambda: told.append("waits")),
    ):
        assert is_alone
    assert told == ["waits"]
    with serve.only(str(library)) as found:
        assert found is None


def test_a_lock_that_is_some_other_file_stays_as_it_is(tmp_path):
    library, lock = str(tmp_path / "l.db"), tmp_path / "l.db.desk.lock"
    lock.write_text("what somebody else has written here")
    with alone(library) as one, alone(library) as other:
        assert (one, other, holder(library)) == (True, False, None)
    assert lock.read_text() == "what somebody else has written here"
    lock.unlink()
    assert holder(library) is None
    with alone(library):
        assert holder(library) == os.getpid()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_in_place_of_a_lock_names_nobody_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "l.db.desk.lock")
    assert holder(str(tmp_path / "l.db")) is None


def test_where_there_are_no_locks_nobody_holds_one(tmp_path):
    for given in ((str(tmp_path / "l.db"), "win32"), (str(tmp_path / "gone" / "l.db"),)):
        with alone(*given) as one, alone(*given) as other:
            assert (one, other) == (True, True)


@pytest.mark.parametrize(
    ("signals", "code"), [([signal.SIGINT], 0), ([signal.SIGINT] * 2, 0), ([signal.SIGTERM], -15)]
)
def test_ctrl_c_ends_it_with_a_word(library, signals, code):
    with started(library) as process:
        server, path = server_and_path(process)
        assert opened(server, path) == 303
        for each in signals:
            process.send_signal(each)
        assert process.wait(PATIENCE_S) == code
        told = "" if code else "The desk is closed.\n"
        assert (process.stdout.read(), process.stderr.read()) == ("", told)


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_what_opened_a_desk_that_has_ended_opens_the_next_one_no_more(library, way):
    """Another user of the machine may have listened on its port between the two."""
    with started(library) as process:
        assert opened(*server_and_path(process)) == 303
        before = addresses.read(str(library))
        process.send_signal(way)
        process.wait(PATIENCE_S)
    with started(library) as process:
        server_and_path(process)
        now = addresses.read(str(library))
        cookie = {"Cookie": f"{now.cookie}={before.cookie_value}"}
        for folder in (before.folder, now.folder):
            connection = http.client.HTTPConnection(HOST, now.port, timeout=PATIENCE_S)
            connection.request("GET", f"{folder}/api/state", headers=cookie)
            assert connection.getresponse().status == 403
    assert now.token != before.token
    assert now.port == before.port


def test_a_desk_that_ends_leaves_the_address_of_one_that_has_begun_since(tmp_path):
    library = str(tmp_path / "l.db")
    ending, begun = Address.new(1024), Address.new(1024)
    addresses.write(library, begun)
    renew(library, ending)
    assert addresses.read(library) == begun
    renew(library, begun)
    assert addresses.read(library).token != begun.token


def test_the_page_of_a_session_that_plays_goes_on_with_the_next_start(library):
    with started(library) as process:
        server_and_path(process)
        before = addresses.read(str(library))
        own = http.client.HTTPConnection(HOST, before.port, timeout=PATIENCE_S)
        cookie = f"{before.cookie}={before.cookie_value}"
        headers = {"Cookie": cookie, "Content-Type": "application/json"}
        for name, given in (("build", {"profile": "arc", "duration_s": 1200}), ("begin", {})):
            own.request(
                "POST", f"{before.folder}/api/do/{name}", json.dumps({"tab": "a", **given}), headers
            )
            answer = own.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
        own.close()
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
    assert addresses.read(str(library)) == before
