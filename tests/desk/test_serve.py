"""The desk as a process: found by a second start, and ended."""

import http.client
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

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
    return re.search(r"http://(127\.0\.0\.1:\d+)(/\S+)", process.stderr.readline()).groups()


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
