"""The profile of a session is that of its own length, not of the profile's."""

from dataclasses import replace

import pytest

from playlist_builder.errors import ProfileError
from playlist_builder.models import Session
from playlist_builder.profiles.find import read_text
from playlist_builder.profiles.own import own_profile
from playlist_builder.session_request import SessionRequest


def session(request=None, profile_text=None):
    return Session(
        *("arc", "relative", 1200.0, 1200.0, 0.0, 0.0, 0.0),
        slots=(),
        request=request,
        profile_text=profile_text,
    )


def test_a_shorter_session_is_loudest_at_its_own_peak():
    text = read_text("arc")
    asked = SessionRequest("arc", profile_text=text, duration_s=1200.0)
    found = own_profile(session(asked))
    assert found.duration_s == 1200.0
    peak = next(each for each in found.phases if "peak" in each.name)
    middle_s = (peak.start_s + peak.end_s) / 2.0
    assert found.loudness_lu(middle_s) > found.loudness_lu([60.0, 1140.0]).max() + 3.0
    assert own_profile(session(None, text)).duration_s == 1200.0


def test_a_session_without_a_profile_has_none_and_a_damaged_one_is_told():
    assert own_profile(session()) is None
    with pytest.raises(ProfileError):
        own_profile(replace(session(), profile_text="= no profile"))
