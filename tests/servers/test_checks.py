"""What servers say, without what they must not repeat."""

import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.servers.checks import is_loopback, without_secret

passwords = st.text(st.sampled_from("pQ7 &<>+%/\\\"'äß日🎵.*[("), min_size=1, max_size=6) | st.just(
    "a%20b"
)


@given(
    passwords,
    st.sampled_from(
        [
            str,
            quote,
            quote_plus,
            lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
            lambda text: quote(quote(text, safe=""), safe=""),
            html.escape,
            lambda text: "".join(f"&#{ord(char)};" for char in text),
            lambda text: json.dumps(text)[1:-1],
        ]
    ),
)
def test_a_secret_is_not_shown_however_it_is_written(secret, written):
    assert without_secret(f"bad:{written(secret)}!", secret) == "bad:***!"


def test_nothing_else_is_taken_out():
    assert without_secret("bad + worse", "") == "bad + worse"
    assert without_secret("no such user", "geheim") == "no such user"


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("LOCALHOST", True), ("127.8.9.1", True), ("::1", True)]
    + [(host, False) for host in ("music.example", "192.168.1.4", "localhost.example", "::2")],
)
def test_only_this_machine_is_itself(host, own):
    assert is_loopback(host) is own
