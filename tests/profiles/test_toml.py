"""A profile written as TOML reads back as it was."""

from dataclasses import replace

import pytest

from playlist_builder.profiles.find import available_profiles, load_profile
from playlist_builder.profiles.parse import parse
from playlist_builder.profiles.profile import Profile
from playlist_builder.profiles.toml import to_toml

SHIPPED = [listing.name for listing in available_profiles()]


def assert_alike(one: Profile, other: Profile) -> None:
    for name in Profile.__slots__:
        if name not in {"duration_s", "phases", "rules"}:
            assert getattr(one, name) == getattr(other, name)
    assert one.duration_s == pytest.approx(other.duration_s)
    for first, second in zip([one.rules, *one.phases], [other.rules, *other.phases], strict=True):
        for name in type(first).__slots__:
            assert getattr(first, name) == pytest.approx(getattr(second, name)), name


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("minutes", [None, 37.0])
def test_a_profile_reads_back_as_it_was(name, minutes):
    profile = load_profile(name)
    if minutes:
        profile = profile.scaled(60.0 * minutes)
    rules = replace(profile.rules, artist_gap=4, exclude=('artist:"Q \\"x\\""',), keep_endings=True)
    phases = tuple(
        replace(phase, crossfade_s=(1.0, 3.0), max_silence_s=40.0, max_peak=0.6)
        for phase in profile.phases
    )
    for each in (profile, replace(profile, rules=rules, phases=phases)):
        text = to_toml(each)
        assert text is not None
        assert_alike(parse(text.encode(), name=name), each)


def test_what_no_file_can_describe_has_no_text():
    profile = load_profile("arc")
    name = profile.phases[0].name
    assert to_toml(replace(profile, title="a\x00b")) is None
    assert (
        to_toml(replace(profile, phases=tuple(replace(p, name=name) for p in profile.phases)))
        is None
    )
