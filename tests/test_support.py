"""Tests that need an external part are skipped with a reason, or fail where none may be skipped."""

import pytest

from tests.support.parts import needs

pytest_plugins = "pytester"

MODULE = """
import pytest

from tests.support.parts import needs

pytestmark = needs("mpv", "no-such-player")


@pytest.mark.player
def test_of_a_player():
    pass


def test_of_another_kind():
    pass
"""


@pytest.fixture
def project(pytester, request):
    """A project with our own options and one module that lacks a part."""
    pytester.makeconftest((request.config.rootpath / "tests" / "conftest.py").read_text())
    pytester.makeini("[pytest]\nmarkers = player\n")
    pytester.makepyfile(MODULE)
    return pytester


def test_missing_part_is_the_reason_of_a_skip(project):
    result = project.runpytest("-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines("*no-such-player is not installed: apt-get install no-such-player*")


@pytest.mark.parametrize(
    ("barred", "outcomes", "failed"),
    [
        ("own", {"skipped": 1, "errors": 1}, "*test_of_another_kind must not be skipped: *"),
        ("all", {"errors": 2}, "*test_of_a_player must not be skipped: *no-such-player is not *"),
    ],
)
def test_no_skips_fails_what_was_skipped(project, barred, outcomes, failed):
    result = project.runpytest(f"--no-skips={barred}")
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines(failed)


def test_nothing_is_skipped_where_every_part_is_installed():
    assert needs("python3").args == (False,)
    assert needs("no-such-player").args == (True,)
