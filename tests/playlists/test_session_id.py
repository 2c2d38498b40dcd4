"""A playlist tells which session it was written of, to us and to no player."""

from dataclasses import replace

import pytest

from playlist_builder.models import Session, Slot
from playlist_builder.playlists import formats, read
from playlist_builder.playlists.dialects import PLAYERS
from playlist_builder.playlists.session_id import session_id
from playlist_builder.session_request import SessionRequest

SLOT = Slot("/m/a.flac", "5f", "A", "B", "C", 0.0, 60.0, "calm", 0.5, 0.5, (0.5,))
OWN = "0123456789abcdef"
SESSION = Session(
    *("arc", "relative", 60.0, 60.0, 0.0, 0.0, 0.0, (SLOT,)),
    request=SessionRequest("arc", "text", kept_id=OWN),
)


@pytest.mark.parametrize("suffix", [".m3u8", ".m3u", ".pls", ".xspf", ".jspf"])
def test_the_id_of_a_kept_session_comes_back(suffix):
    data = formats.render_bytes(SESSION, suffix, folder="/m")
    assert session_id(data) == OWN
    assert session_id(data.replace(b"\n", b"\r\n")) == OWN
    if suffix != ".jspf":
        assert read.parse(data, f"s{suffix}")[0].title.endswith("A")
    for other in (replace(SESSION, request=None), replace(SESSION, request=None, profile=OWN)):
        assert not session_id(formats.render_bytes(other, suffix, folder="/m"))


def test_every_player_gets_it():
    for dialect in PLAYERS.values():
        data = formats.render_bytes(SESSION, ".m3u", folder="/m", dialect=dialect)
        assert session_id(data) == OWN
