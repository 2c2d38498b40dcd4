"""Tests that need a player, a server, a browser or a cluster, each in the folder of that name."""

import contextlib
import random
import socket
import time

import pytest

PATIENCE_S = 120.0


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each test the marker that its folder is named after."""
    item.add_marker(item.path.parent.name)


@pytest.fixture
def eventually():
    """Ask again until there is an answer, and fail with `what` was waited for."""

    def answer(ask, what):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if found := ask():
                return found
            time.sleep(0.02)
        pytest.fail(f"waited {PATIENCE_S:g} s for {what}")

    return answer


@pytest.fixture
def free_port():
    """A port that stays free while its server is down: no system gives out one below 32768."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - any will do
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
