"""The printed view of a session says what is known of it, as far as that fits."""

from dataclasses import replace

from playlist_builder.models import Session, Slot
from playlist_builder.report.text import session_text


def test_the_table_of_a_session_has_tension_where_it_fits_and_is_known():
    slot = Slot("/m/a.flac", "5f", "A", "Ada", "", 0.0, 300.0, "calm", 0.2, 0.25)
    whole = Session("arc", "relative", 300.0, 300.0, 0.0, 0.0, 0.0, (slot,))
    known = replace(whole, slots=(replace(slot, tension=0.314), slot))
    heading, *rows = session_text(known, width=100).splitlines()[1:4]
    assert heading.split() == [
        *("#", "start", "phase", "energy", "plan", "tension", "length", "title", "artist")
    ]
    assert [row.split()[5] for row in rows] == ["0.31", "5:00"]
    for drawn in (session_text(known, width=83), session_text(whole, width=100)):
        assert "tension" not in drawn
