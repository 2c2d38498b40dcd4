"""The command `profiles` as a user meets it."""

import json
from pathlib import Path

from tests.support.commands import run


def test_profiles_are_listed_drawn_and_checked(tmp_path):
    assert len(json.loads(run("profiles", "--json").stdout)) == 11
    assert "arc" in run("profiles").stdout
    assert "planned" in run("profiles", "show", "ketamine-iv").stdout
    shipped = Path(__file__).parents[2] / "profiles" / "arc.toml"
    (tmp_path / "mine.toml").write_bytes(shipped.read_bytes())
    assert "valid" in run("profiles", "check", "mine.toml", cwd=tmp_path).stdout
    (tmp_path / "bad.toml").write_text("minutes = 'sixty'\n", encoding="utf-8")
    assert "bad.toml" in run("profiles", "check", "bad.toml", cwd=tmp_path, code=1).stderr
