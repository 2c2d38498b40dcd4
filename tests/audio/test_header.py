"""The same packets under headers that differ."""

import pytest

from playlist_builder.audio.header import Header

ONE = Header(44_100, 2, 80.0, "pcm_s16le")


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (ONE, True),
        (Header(44_100, 2), True),  # as music whose length is not compared
        (Header(44_100, 2, 79.0), True),  # what was decoded may be shorter by damaged packets
        (Header(88_200, 2, 40.0), False),
        (Header(88_200, 2), False),
        (Header(44_100, 1, 160.0), False),
        (Header(44_100, 1), False),
        (Header(44_100, 2, 60.0), False),  # 24 bits for 32
        (Header(44_100, 2, 160.0), False),  # 8 bits for 16
    ],
)
def test_packets_play_alike_by_rate_channels_and_length(other, alike):
    assert ONE.plays_as(other) is other.plays_as(ONE) is alike


def test_packets_have_an_identity_for_each_header():
    others = [ONE, ONE._replace(sample_rate_hz=1), ONE._replace(channels=1), Header(44_100, 2)]
    identities = {each.identity_of("ab" * 16) for each in others}
    assert len(identities) == len(others)
    assert {len(each) for each in identities} == {32}
    assert ONE.identity_of("cd" * 16) not in identities
    assert ONE._replace(duration_s=0.0).identity_of("ab" * 16) in identities
