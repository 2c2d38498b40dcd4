"""Whatever is asked for: no rule is broken silently, and neither order nor luck decides."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.errors import ArrangeError
from playlist_builder.models import Mark
from tests.support.synthetic import arc, felt, library, paths

ROUNDING = 1e-5  # contours are single precision

LIMITS = {
    "startle": ("startle_lu", "max_startle_lu"),
    "brightness": ("spectral_centroid_hz", "max_brightness_hz"),
    "percussiveness": ("percussiveness", "max_percussiveness"),
    "pulse": ("pulse_clarity", "max_pulse_clarity"),
    "silence": ("longest_silence_s", "max_silence_s"),
    "strokes": ("stroke_rate_hz", "max_stroke_rate_hz"),
    "tension": ("tension", "max_tension"),
}


def broken(session, tracks, profile, constraints, tolerance_s):
    """Return the rules that a session breaks, found without the product's code.

    What may never be broken is asserted here.
    """
    by_path = {each.path: each for each in tracks}
    order = [by_path[path] for path in paths(session)]
    for each in order:
        assert not each.missing
        assert not each.mark.banned
        assert each.path not in constraints.bans | constraints.avoid
        assert each.vocals not in ("sung", "spoken")
        assert profile.rules.track_min_s <= each.duration_s <= profile.rules.track_max_s
    found = crowded(order, profile.rules) | misplaced(order, session, profile)
    if abs(session.duration_s - profile.duration_s) > tolerance_s:
        found.add("duration")
    for pin in constraints.pins:
        place = paths(session).index(pin.track)
        wanted = (pin.place or 0) - 1 if (pin.place or 0) > 0 else len(order) + (pin.place or 0)
        assert pin.place is None or place == wanted
        start_s = session.slots[place].start_s
        if pin.minute is not None and abs(start_s - pin.minute * 60.0) > tolerance_s + 0.0005:
            found.add("pin")
    return found


def crowded(order, rules):
    """Return which artist rules an order breaks; no recording may come twice."""
    found = set()
    assert len({each.identity for each in order}) == len(order)
    for (i, left), (j, right) in combinations(enumerate(order), 2):
        alike = left.tags.artists == right.tags.artists
        near = abs(left.duration_s - right.duration_s) <= 2.0
        assert not (alike and left.tags.title == right.tags.title and near)
        if alike and j - i <= rules.artist_gap:
            found.add("artist_gap")
    if max(Counter(each.tags.artists for each in order).values()) > rules.artist_max:
        found.add("artist_max")
    return found


def misplaced(order, session, profile):
    """Return which limits of phases an order breaks; its slots must follow each other."""
    found, time_ms = set(), 0
    for each, slot in zip(order, session.slots, strict=True):
        end_ms = time_ms + round(each.duration_s * 1000)
        assert (slot.start_s, slot.end_s) == (time_ms / 1000, end_ms / 1000)
        steps = range((time_ms + 5000) // 10000, (end_ms + 5000) // 10000)
        phases = [profile.phase_at(number * 10.0 + 5.0) for number in steps]
        for name, (feature, limit) in LIMITS.items():
            known = each.emotion if feature == "tension" else each.features
            value = getattr(known, feature, 0.0)
            limits = [getattr(phase, limit) for phase in phases]
            if any(most is not None and value > most for most in limits):
                found.add(name)
        if any(
            energy > phase.peak_limit + ROUNDING
            for energy, phase in zip(slot.contour, phases, strict=False)
        ):
            found.add("peak")
        time_ms = end_ms
    return found


@st.composite
def asks(draw):
    tracks = library(
        draw(st.integers(4, 10)),
        draw(st.integers(0, 10_000)),
        artists=draw(st.integers(1, 6)),
    )
    if draw(st.booleans()):
        tracks = felt(tracks, draw(st.integers(0, 100)))
    kinds = st.sampled_from(["none", "none", "unknown", "wordless", "sung", "spoken"])
    tracks = [
        replace(
            each,
            vocals=draw(kinds),
            missing=draw(st.integers(0, 9)) == 0,
            mark=Mark(banned=draw(st.integers(0, 9)) == 0),
        )
        for each in tracks
    ]
    if draw(st.booleans()):
        tracks.append(replace(tracks[0], path="/music/copy.flac", missing=False))
        tracks.append(replace(tracks[1], path="/music/twin.flac", identity="twin"))
    profile = arc(
        draw(st.integers(6, 14)),
        artist_max=draw(st.integers(1, 3)),
        artist_gap=draw(st.integers(0, 2)),
        track_max_s=draw(st.sampled_from([400.0, 900.0])),
    )
    limited = st.sampled_from([None, None, 12.0])
    phases = tuple(
        replace(
            phase,
            max_startle_lu=draw(limited),
            max_brightness_hz=draw(st.sampled_from([None, None, 2500.0])),
            max_percussiveness=draw(st.sampled_from([None, None, 0.6])),
            max_pulse_clarity=draw(st.sampled_from([None, None, 0.4])),
            max_stroke_rate_hz=draw(st.sampled_from([None, None, 3.0])),
            max_peak=draw(st.sampled_from([None, None, 0.7])),
            max_tension=draw(st.sampled_from([None, None, 0.6])),
            tension=draw(st.sampled_from([None, (0.1, 0.3)])),
            moving=draw(st.booleans()),
        )
        for phase in profile.phases
    )
    pins = ()
    if draw(st.integers(0, 3)) == 0:
        pins = (
            Pin(
                draw(st.sampled_from(tracks)).path,
                place=draw(st.sampled_from([None, 1, 2, -1])),
                minute=draw(st.sampled_from([None, 4.0])),
            ),
        )
    bans = frozenset(each.path for each in tracks[:2] if draw(st.integers(0, 4)) == 0)
    avoid = frozenset(each.identity for each in tracks[2:4] if draw(st.integers(0, 4)) == 0)
    constraints = Constraints(pins=pins, bans=bans, avoid=avoid)
    return tracks, replace(profile, phases=phases), constraints, draw(st.sampled_from([0, 0, 3]))


@settings(max_examples=80)
@given(asks())
def test_no_rule_is_ever_broken_silently(ask):
    tracks, profile, constraints, seed = ask
    banned = [each for each in tracks if each.identity in constraints.avoid]
    constraints = replace(constraints, avoid=constraints.avoid | {each.path for each in banned})
    try:
        session = arrange(tracks, profile, constraints=replace(constraints, seed=seed))
    except ArrangeError:
        return
    found = broken(session, tracks, profile, constraints, 30.0)
    said = {str(each).split(":")[0] for each in session.relaxed}
    assert said == found
    assert 0.0 <= session.bound <= session.cost


@settings(max_examples=10)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(seed, shuffler):
    tracks = library(16, seed)
    profile = arc(14)
    first = arrange(tracks, profile, constraints=Constraints(seed=2))
    shuffler.shuffle(tracks)
    assert arrange(tracks, profile, constraints=Constraints(seed=2)) == first


@settings(max_examples=15)
@given(st.integers(0, 100_000))
def test_one_more_track_never_raises_the_cost(seed):
    """On the absolute scale, as on the relative one every track moves all percentiles."""
    tracks = library(11, seed)
    profile = arc(12)
    try:
        before = arrange(tracks[:-1], profile, constraints=Constraints(scale="absolute"))
    except ArrangeError:
        return
    after = arrange(tracks, profile, constraints=Constraints(scale="absolute"))
    assert len(after.relaxed) <= len(before.relaxed)
    if not before.relaxed:
        assert after.cost <= before.cost * (1.0 + ROUNDING)
