"""A Range header asks for what RFC 9110 says, whatever else it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.desk.ranges import asked

LENGTH = 1000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=0-", range(LENGTH)),
        ("bytes=10-19", range(10, 20)),
        ("bytes=990-2000", range(990, LENGTH)),
        ("bytes=-1", range(999, LENGTH)),
        ("bytes=-5000", range(LENGTH)),
        ("BYTES= 1-2 ", range(1, 3)),
        ("bytes=001-0002", range(1, 3)),
        ("bytes=1000-", range(0)),
        ("bytes=1000-1001", range(0)),
        (f"bytes={'9' * 5000}-", range(0)),
        (f"bytes=1-{'9' * 5000}", range(1, LENGTH)),
        ("bytes=-0", range(0)),
        ("bytes=2-1", None),
        ("bytes=-", None),
        ("bytes=", None),
        ("bytes=0-1,5-6", None),
        ("bytes=1", None),
        ("bytes=+1-2", None),
        ("bytes=\u0661-\u0662", None),
        ("samples=0-1", None),
        ("", None),
    ],
)
def test_a_header_asks_for_bytes(header, expected):
    assert asked(header, LENGTH) == expected


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"bytes=[0-9]{0,25}-[0-9]{0,25}(,[0-9]*-)?", fullmatch=True),
    ),
    st.integers(1, 10**12),
)
def test_no_header_asks_for_bytes_that_are_not_there(header, length):
    part = asked(header, length)
    assert part is None or 0 <= part.start <= part.stop <= length


@given(first=st.integers(0, 2000), size=st.integers(1, 2000))
def test_what_is_asked_for_is_what_a_slice_would_be(first, size):
    whole = range(LENGTH)
    part = asked(f"bytes={first}-{first + size - 1}", LENGTH)
    assert list(part) == list(whole[first : first + size])
    assert list(asked(f"bytes=-{size}", LENGTH)) == list(whole[-size:])
