"""Tests that need a player, a server, a browser or a cluster, each in the folder of that name."""

import socket
import time

import pytest

PATIENCE_S = 30.0


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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
