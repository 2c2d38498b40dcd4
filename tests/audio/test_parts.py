"""A file made of parts reads as its parts do in a row."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.audio.parts import PartsFile

DATA = bytes(range(256))
PART = st.binary(max_size=9) | st.builds(
    lambda start, length: range(start, start + length), st.integers(0, 246), st.integers(0, 9)
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("parts") / "a"
    path.write_bytes(DATA)
    return str(path)


@given(st.lists(PART, max_size=5), st.integers(0, 50), st.integers(1, 20))
def test_parts_read_in_a_row_from_any_place(path, parts, place, size):
    whole = b"".join(
        part if isinstance(part, bytes) else DATA[part.start : part.stop] for part in parts
    )
    with PartsFile(path, parts) as file:
        assert file.seek(0, io.SEEK_END) == len(whole)
        assert file.seek(place) == file.tell() == place
        assert b"".join(iter(lambda: file.read(size), b"")) == whole[place:]
        file.seek(0)
        assert b"".join(iter(file.read, b"")) == whole
    assert file.closed
