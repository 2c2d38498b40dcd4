"""The plan of the mix of a session, from its start and while it plays."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.errors import RenderError, RequestError
from playlist_builder.models import Session, Slot
from playlist_builder.recording.gains import PEAK_LIMIT_DBTP
from playlist_builder.recording.levels import Levels
from playlist_builder.recording.mix_settings import MixSettings
from playlist_builder.recording.session_mix import mix_session

FADE_S, SETTINGS = 4.0, MixSettings(crossfade_s=4.0, riding=False)


def levels(seconds, dbfs=-20.0, peak=0.2):
    power = np.full(round(seconds * 10), 10.0 ** (dbfs / 10.0))
    return Levels(power, np.full(len(power), peak), 0, round(seconds * 50))


LEVELS = {
    f"/m/{name}": levels(*each)
    for name, each in {
        "a": (60.0,),
        "b": (80.0, -26.0),
        "c": (50.0, -14.0),
        "d": (70.0, -20.0, 0.9),
    }.items()
}


def session(names, cuts=(), silences=()):
    """Return a session of tracks, of which some end early."""
    slots, now_s = [], 0.0
    for name in names:
        path = f"/m/{name}"
        lasts_s = dict(cuts).get(name, len(LEVELS[path].k_power) / 10.0)
        slots.append(Slot(path, name, name, "", "", now_s, now_s + lasts_s, "p", 0.5, 0.5, (0.5,)))
        now_s += lasts_s
    return Session("p", "relative", now_s, now_s, 0, 0, 0, tuple(slots), silences=silences)


def mixed(names, earlier=None, played=0, cuts=(), **more):
    own = session(names, cuts)
    values = {"levels": LEVELS, "settings": SETTINGS} | more
    return mix_session(own, earlier=earlier, played=played, **values)


def ends(plan):
    return [(clip.path, clip.at, clip.end) for clip in plan.clips]


def test_a_plan_of_nothing_new_is_the_same_plan():
    whole = mixed("abcd")
    again = mixed("abcd", whole, 2)
    assert ends(again) == ends(whole)
    for before, after in zip(whole.clips, again.clips, strict=True):
        assert after.gain_db == pytest.approx(before.gain_db, abs=1e-3)
    assert again.clips[:2] == whole.clips[:2]
    assert again.overall_db == whole.overall_db
    assert again.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=0.01)


def test_what_sounds_keeps_its_place_and_gain_whatever_follows():
    whole = mixed("abc")
    for rest in ("d", "cd", "dc", ""):
        plan = mixed("ab" + rest, whole, 2)
        assert plan.clips[0] == whole.clips[0]
        assert plan.clips[1].gain_db == whole.clips[1].gain_db
        assert plan.clips[1].at == whole.clips[1].at
        assert plan.true_peak_dbtp <= PEAK_LIMIT_DBTP


def test_the_rest_is_no_louder_at_the_join_than_a_profile_allows():
    whole = mixed("ab")
    plan = mixed("abc", whole, 2)
    power_db = [clip.gain_db + 10 * np.log10(LEVELS[clip.path].k_power[0]) for clip in plan.clips]
    assert power_db[2] - power_db[1] <= 3.0


def test_a_track_that_is_skipped_fades_from_then_on():
    whole = mixed("abc")
    plan = mixed("abd", whole, 2, cuts=[("b", 30.0)])
    skipped, after = plan.clips[1:]
    assert (skipped.at, skipped.first) == (whole.clips[1].at, whole.clips[1].first)
    assert after.at == skipped.at + 30 * 50
    assert skipped.end == after.at + FADE_S * 50
    assert skipped.fade_out == after.fade_in == FADE_S * 50


def test_a_session_with_a_skip_is_mixed_as_it_was_heard():
    heard = mixed("abd", mixed("abc"), 2, cuts=[("b", 30.0)])
    assert ends(mixed("abd", cuts=[("b", 30.0)])) == ends(heard)


def test_the_peak_stays_below_its_limit_where_the_rest_is_louder():
    calm = {path: replace(each, true_peak=each.true_peak * 0.1) for path, each in LEVELS.items()}
    whole = mix_session(session("ab"), levels=calm, settings=SETTINGS)
    loud = calm | {"/m/c": replace(LEVELS["/m/c"], true_peak=np.full(500, 3.0))}
    plan = mix_session(session("abc"), levels=loud, settings=SETTINGS, earlier=whole, played=2)
    assert plan.true_peak_dbtp <= PEAK_LIMIT_DBTP
    assert plan.clips[:1] == whole.clips[:1]


def test_what_has_played_are_the_first_tracks():
    whole = mixed("abc")
    with pytest.raises(RequestError, match="not the first tracks"):
        mixed("bca", whole, 1)
    with pytest.raises(RequestError, match="up to 3"):
        mixed("abc", whole, 4)
    with pytest.raises(RequestError, match="up to 0"):
        mixed("abc", None, 1)


def test_a_track_that_was_not_measured_and_is_gone_is_named():
    with pytest.raises(RenderError, match="/m/a"):
        mixed("abc", levels={path: LEVELS[path] for path in ("/m/b", "/m/c")})
