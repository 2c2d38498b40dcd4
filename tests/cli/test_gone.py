"""Commands that change a session, where music is gone and no scan has met that yet."""

import json
import os

from tests.support.commands import run
from tests.support.documents import paths, session


def test_what_is_put_in_by_name_is_there(built):
    """Though the library has not met yet that it is gone."""
    played = paths(session(built))
    other = next(each for each in sorted((built / "music").iterdir()) if str(each) not in played)
    other.unlink()
    for command in (("swap", built / "s.json", 1, "--with"), ("insert", built / "s.json")):
        done = run(*command, other, code=1)
        assert "is not there any more" in done.stderr
    assert paths(session(built)) == played


def test_candidates_are_there(built):
    ask = ("swap", built / "s.json", 3, "--candidates", 5, "--json")
    shown = [each["path"] for each in json.loads(run(*ask).stdout)]
    for path in shown[:2]:
        os.unlink(path)  # noqa: PTH108
    again = [each["path"] for each in json.loads(run(*ask).stdout)]
    assert again
    assert all(map(os.path.isfile, again))
