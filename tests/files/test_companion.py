"""A file that the user did not name is replaced where it is ours, and only there."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.files.companion import is_marked, is_own, marked, write_beside


@given(st.binary())
def test_what_is_marked_is_known_again_and_nothing_else(content):
    data = marked(content + b"\n", "#")
    assert is_marked(data)
    assert not is_marked(content)
    for changed in (b"x" + data, data + b"x", data[:-1], data[1:], data + b"mine.ogg\n"):
        assert not is_marked(changed)


def test_our_own_file_is_replaced(tmp_path):
    file = tmp_path / "a.cue"
    for content in (b"one\n", b"two\n"):
        assert write_beside(file, marked(content, "REM")) == ""
        assert file.read_bytes().startswith(content)


@pytest.mark.parametrize("content", [b"", b"mine\n", marked(b"ours\n", "#") + b"and mine\n"])
def test_a_file_of_the_user_stays(tmp_path, content):
    file = tmp_path / "a.cue"
    file.write_bytes(content)
    assert "so it stays" in write_beside(file, marked(b"new\n", "#"))
    assert file.read_bytes() == content


def test_no_link_is_followed(tmp_path):
    (tmp_path / "ours").write_bytes(marked(b"old\n", "#"))
    for name, target in (("a", "ours"), ("b", "nowhere")):
        os.symlink(tmp_path / target, tmp_path / name)  # noqa: PTH211
        assert not is_own(tmp_path / name)
        assert "so it stays" in write_beside(tmp_path / name, marked(b"new\n", "#"))
    assert (tmp_path / "ours").read_bytes() == marked(b"old\n", "#")
    assert not (tmp_path / "nowhere").exists()


def test_what_cannot_be_written_is_told(tmp_path):
    assert "Cannot write" in write_beside(tmp_path / "none" / "a.cue", marked(b"new\n", "#"))
