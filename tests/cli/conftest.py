"""A session of the demo that commands may change."""

import pytest

from tests.support.commands import run
from tests.support.documents import SHORT


@pytest.fixture
def built(own_demo):
    """A copy of the demo's music, its library, and a session of it."""
    run("build", "arc", *SHORT, "--library", own_demo / "l.db", "-o", own_demo / "s.json")
    return own_demo
