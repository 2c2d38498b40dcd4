"""A session that runs: what a press does and says, that it can be taken back, and what is left."""

import os
from unittest.mock import Mock

import pytest

from playlist_builder import LibraryError, RequestError, StoppedError, stoppable
from playlist_builder.desk.running import LEAD_S
from playlist_builder.desk.score import first_change, silent_seconds
from playlist_builder.desk.steer import BUTTONS
from playlist_builder.desk.timeline import end_s, start_s
from playlist_builder.desk.words import Words
from playlist_builder.errors import RenderError
from playlist_builder.language.text import clock as clock_of
from tests.desk.support import locked

FRAME_S = 0.02


def events(bench, kind=None):
    record = bench.library.records.read(bench.library.records.latest().id)
    found = [type(each.what).__name__ for each in record.events]
    return (
        found if kind is None else [e.what for e in record.events if type(e.what).__name__ == kind]
    )


def run_id(bench):
    return bench.library.records.latest().id


def gaps(running, from_s=0.0):
    """Where nothing sounds that should, in frames."""
    planned = [(round(a / FRAME_S), round(b / FRAME_S)) for a, b in running.line.silences()]
    silent = silent_seconds(
        running.score.sounds, round(from_s / FRAME_S), running.line.clips[-1].end
    )
    return [(a, b) for a, b in silent if not any(s - 1 <= a and b <= e + 1 for s, e in planned)]


def press(bench, button, position_s=300.0, when="after"):
    return bench.do("press", {"button": button, "when": when, "position_s": position_s})


def test_what_is_begun_is_shown_by_what_is_heard_and_kept(bench):
    bench.do("begin", {})
    shown = bench.state()["run"]
    slots = shown["session"]["slots"]
    assert shown["position_s"] == 0.0
    assert slots[1]["start_s"] < slots[0]["end_s"]
    assert len(shown["sounds"]) == len(slots)
    assert shown["mix"]["url"] == "sound/mix/1"
    assert shown["session"]["phases"][0]["start_s"] == 0.0
    assert events(bench) == ["Begun", "Unknown"]
    with pytest.raises(RequestError, match="runs already"):
        bench.do("begin", {})
    with pytest.raises(RequestError, match="End it first"):
        bench.do("undo", {})


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("when", ["now", "after"])
def test_a_press_is_heard_when_it_says_and_nothing_stops(bench, button, when):
    bench.do("begin", {})
    running = bench.run
    before = running.score
    answer = press(bench, button, 300.0, when)
    change = first_change(before.sounds, running.score.sounds)
    assert answer["from_s"] == pytest.approx(change * FRAME_S)
    assert change >= round((300.0 + LEAD_S) / FRAME_S)
    assert not gaps(running)
    if "now" in BUTTONS[button].when and (when == "now" or len(BUTTONS[button].when) == 1):
        assert answer["from_s"] == pytest.approx(300.0 + LEAD_S, abs=0.5)
    assert {"Pressed", "Replanned"} <= set(events(bench))
    (pressed,) = events(bench, "Pressed")
    assert (pressed.button, pressed.effect) == (button, answer["sentence"])


def test_ten_minutes_more_say_how_much_later_the_session_ends(bench):
    bench.do("begin", {})
    before_s = bench.run.line.plan_s
    told = press(bench, "longer", 300.0)["sentence"]
    end_s = bench.run.line.plan_s
    assert told == f"Ends at {clock_of(end_s)}, {(end_s - before_s) / 60.0:.0f} min later"


def test_a_page_changes_where_all_that_a_take_back_did_begins(bench):
    """It sees nothing between what is taken back and what is done again after that."""
    bench.do("begin", {})
    running = bench.run
    first = press(bench, "deeper", 300.0, "now")
    press(bench, "longer", 302.0)
    before = running.score
    bench.do("take_back", {"press": first["press"], "position_s": 304.0})
    change = first_change(before.sounds, running.score.sounds)
    assert bench.state()["run"]["mix"]["same_until_s"] == pytest.approx(change * FRAME_S)


@pytest.mark.parametrize("button", ["softer", "silence"])
@pytest.mark.parametrize("later_s", [1.0, 9.0])
def test_a_press_can_be_taken_back_and_then_all_is_as_it_was_planned(bench, clock, button, later_s):
    bench.do("begin", {})
    running = bench.run
    before, slots = running.score, bench.session.slots
    answer = press(bench, button, 300.0, "now")
    clock.later(later_s)
    assert [each["press"] for each in bench.state()["run"]["pending"]] == [answer["press"]]
    bench.do("take_back", {"press": answer["press"], "position_s": 300.0 + later_s})
    assert bench.session.slots == slots
    assert first_change(before.clips, running.score.clips) is None
    assert not gaps(running, 300.0 + later_s + LEAD_S)
    if later_s < LEAD_S - 1:
        assert first_change(before.sounds, running.score.sounds) is None
    assert events(bench, "TakenBack")[0].press == answer["press"]
    assert bench.state()["run"]["pending"] == []


def test_a_press_whose_music_cannot_be_made_changes_nothing(bench, monkeypatch):
    """Else the page could not even show what plays."""
    bench.do("begin", {})
    before, slots = bench.run.score, bench.session.slots

    def broken(*_, **__):
        raise RenderError("It cannot be mixed.")

    with monkeypatch.context() as patch:
        patch.setattr("playlist_builder.desk.running.mix_session", broken)
        with pytest.raises(RenderError):
            press(bench, "softer")
    assert (bench.run.score, bench.session.slots) == (before, slots)
    assert press(bench, "softer")["sentence"]


@pytest.mark.parametrize("button", ["silence", "next_phase"])
def test_a_button_may_be_pressed_twice_at_one_moment(bench, button):
    bench.do("begin", {})
    for _ in range(2):
        press(bench, button, 300.0, "now")
        assert bench.state()["run"]["mix"]["length_s"] > 300.0


def test_a_skip_says_whether_the_next_track_or_a_silence_is_near(bench):
    bench.do("begin", {})
    press(bench, "silence", 300.0, "now")
    line = bench.run.line
    place = next(n for n, clip in enumerate(line.clips) if end_s(clip) > 300.0)
    silent_s = end_s(line.clips[place]) + 20.0
    assert silent_s < start_s(line.clips[place + 1])
    with pytest.raises(RequestError, match="ends by itself"):
        press(bench, "skip", silent_s, "now")
    with pytest.raises(RequestError, match="about to begin"):
        press(bench, "skip", start_s(line.clips[place + 2]) - LEAD_S - 1.0, "now")


@pytest.mark.parametrize("when", ["after", "now"])
@pytest.mark.parametrize("position_s", [100.0, 300.0, 700.0])
def test_the_next_phase_is_named_as_it_begins(bench, position_s, when):
    bench.do("begin", {})
    line = bench.run.line
    own = line.slots[line.place(position_s + LEAD_S)].phase
    said = press(bench, "next_phase", position_s, when)["sentence"]
    line = bench.run.line
    coming = [(clip.at / 50, slot.phase) for clip, slot in zip(line.clips, line.slots, strict=True)]
    begins_s, phase = next(each for each in coming if each[0] > position_s and each[1] != own)
    assert said == f"{phase} from {clock_of(begins_s)}"


def test_what_was_pressed_long_ago_stays(bench, clock):
    bench.do("begin", {})
    answer = press(bench, "softer")
    clock.later(11.0)
    assert bench.state()["run"]["pending"] == []
    clock.later(4.5)
    with pytest.raises(RequestError, match="too long ago"):
        bench.do("take_back", {"press": answer["press"], "position_s": 315.5})


def test_how_calm_the_music_is_that_was_called_for_is_one_sentence_until_it_is_taken_back(bench):
    bench.do("begin", {})
    assert bench.state()["run"]["told"] == []
    answer = press(bench, "calm", 900.0, "now")
    (told,) = bench.state()["run"]["told"]
    assert told.startswith("There is little calm music: ")
    bench.words = Words("ja")
    assert bench.state()["run"]["told"][0].startswith("静かな音楽が足りない")
    bench.do("take_back", {"press": answer["press"], "position_s": 901.0})
    assert bench.state()["run"]["told"] == []


@pytest.mark.parametrize("set_s", [-3600.0, 3600.0])
def test_a_clock_that_is_set_changes_nothing_of_what_can_be_taken_back(bench, clock, set_s):
    bench.do("begin", {})
    answer = press(bench, "softer")
    clock.set(set_s)
    clock.later(9.0)
    (shown,) = bench.state()["run"]["pending"]
    assert (shown["press"], shown["left_s"]) == (answer["press"], pytest.approx(1.0))
    clock.later(1.5)
    assert bench.state()["run"]["pending"] == []


def test_a_press_in_time_is_taken_back_though_it_has_to_wait(bench, clock):
    bench.do("begin", {})
    slots = bench.session.slots
    answer = press(bench, "softer")
    clock.later(12.0)
    bench.do("take_back", {"press": answer["press"], "position_s": 312.0})
    assert bench.session.slots == slots


def test_what_was_pressed_after_it_holds_and_counts_once(bench, clock):
    bench.do("begin", {})
    first = press(bench, "longer")
    clock.later(2.0)
    later = press(bench, "softer", 302.0)
    clock.later(2.0)
    bench.do("take_back", {"press": first["press"], "position_s": 304.0})
    (pending,) = bench.state()["run"]["pending"]
    assert (pending["press"], pending["left_s"]) == (later["press"], later["left_s"] - 2.0)
    assert [each.kind for each in bench.session.request.changes] == ["shift"]
    assert [each.button for each in events(bench, "Pressed")] == ["longer", "softer"]
    bench.do("take_back", {"press": later["press"], "position_s": 305.0})
    assert [each.press for each in events(bench, "TakenBack")] == [first["press"], later["press"]]
    assert bench.session.request.changes == ()


def test_what_cannot_be_done_again_is_taken_back_too(bench):
    bench.do("begin", {})
    near_the_end_s = bench.run.line.plan_s - 60.0  # where nothing follows that could be softer
    first = press(bench, "longer", near_the_end_s)
    later = press(bench, "softer", near_the_end_s)
    bench.do("take_back", {"press": first["press"], "position_s": bench.run.position_s})
    assert bench.state()["run"]["pending"] == []
    assert [each.press for each in events(bench, "TakenBack")] == [first["press"], later["press"]]


def test_behind_the_plan_it_is_calm_already_which_is_told_and_noted(bench):
    bench.do("begin", {})
    before = bench.run.score
    answer = press(bench, "calm", bench.run.line.plan_s + 1.0)
    assert answer["sentence"] == "The plan is over: what plays on is calm already"
    assert (answer["from_s"], answer["left_s"]) == (None, 0.0)
    assert bench.run.score is before
    assert bench.state()["run"]["pending"] == []
    (pressed,) = events(bench, "Pressed")
    assert (pressed.button, pressed.effect) == ("calm", answer["sentence"])


@pytest.mark.parametrize("button", sorted(BUTTONS.keys() - {"calm"}))
def test_what_plays_behind_the_plan_is_not_steered(bench, button):
    bench.do("begin", {})
    with pytest.raises(RequestError, match="The plan is over"):
        press(bench, button, bench.run.line.plan_s + 1.0)


def test_calm_ends_what_was_pressed_before_until_it_is_taken_back(bench):
    bench.do("begin", {})
    deeper, calm = press(bench, "deeper"), press(bench, "calm", 302.0, "now")
    assert [each["press"] for each in bench.state()["run"]["pending"]] == [calm["press"]]
    bench.do("take_back", {"press": calm["press"], "position_s": 304.0})
    assert [each["press"] for each in bench.state()["run"]["pending"]] == [deeper["press"]]


def test_a_run_goes_on_after_a_crash_with_the_same_sound(opened, clock):
    first = opened()
    first.do("begin", {})
    press(first, "softer", 300.0, "now")
    sounded = {
        "number": 1,
        "at": clock().isoformat(),
        "session_s": 300.0,
        "kind": "sounded",
        "track": "x",
        "offset_s": 0.0,
        "seconds": 5.0,
        "gains_db": [0.0],
    }
    answer = first.do("heard", {"run": run_id(first), "source": "page-1", "events": [sounded]})
    assert answer == {"last": 1}
    before = first.run
    again = opened().run
    assert first_change(before.score.sounds, again.score.sounds) is None
    assert again.position_s == 305.0
    assert again.position_at == before.position_at
    assert again.view()["first"] == before.view()["first"]
    assert again.view()["session"] == before.view()["session"]
    clock.later(7 * 3600.0)
    assert opened().run is None


def test_a_change_that_a_crash_cut_short_is_made_to_sound(opened):
    first = opened()
    first.do("begin", {})
    first.took(first.edited().drop(len(first.session.slots)))
    again = opened().run
    assert [clip.path for clip in again.score.clips] == [slot.path for slot in again.line.slots]
    assert not gaps(again)


def test_a_file_that_is_gone_is_replaced_told_and_noted(bench):
    bench.do("begin", {})
    gone = bench.session.slots[5]
    os.rename(gone.path, gone.path + ".gone")  # noqa: PTH104
    try:
        bench.do("heard", {"run": run_id(bench), "source": "page-1", "events": []})
    finally:
        os.rename(gone.path + ".gone", gone.path)  # noqa: PTH104
    assert gone.path not in {each.path for each in bench.run.score.sounds}
    assert not gaps(bench.run)
    assert bench.state()["run"]["told"][0].startswith(gone.title)
    assert events(bench, "Deviation")[0].track == gone.identity


def test_a_track_that_breaks_while_it_plays_fades_into_another_one(bench):
    bench.do("begin", {})
    clip = bench.run.line.clips[1]
    at_s = clip.at * FRAME_S + 60.0
    until_s = clip.end * FRAME_S
    bench.do("lost", {"position_s": at_s - 30.0, "from_s": at_s, "until_s": until_s})
    (own,) = [each for each in bench.run.score.sounds if each.path == clip.path]
    assert own.end < clip.end
    assert not gaps(bench.run)


def test_a_search_for_what_comes_in_place_of_a_file_that_is_stopped_changes_nothing(bench):
    bench.do("begin", {})
    pressed = press(bench, "deeper", 302.0)
    clip = bench.run.line.clips[bench.run.line.place(302.0) + 2]
    at_s, before = clip.at * FRAME_S + 10.0, bench.run.score
    lost = {"position_s": 303.0, "from_s": at_s, "until_s": clip.end * FRAME_S}
    with stoppable(lambda: True), pytest.raises(StoppedError):
        bench.do("lost", lost)
    assert bench.run.score is before
    (shown,) = bench.state()["run"]["pending"]
    assert shown["press"] == pressed["press"]
    bench.do("lost", lost)
    assert bench.state()["run"]["pending"] == []


@pytest.mark.parametrize("inside_s", [0.4, 5.0, 60.0])
@pytest.mark.parametrize("ahead_s", [0.0, 1.5, 4.0])
def test_what_comes_for_a_track_that_is_gone_does_not_need_it(bench, inside_s, ahead_s):
    """A page that was loaded again has nothing of it: it cannot even play until a change comes."""
    bench.do("begin", {})
    clip = bench.run.line.clips[1]
    at_s = max(clip.at, bench.run.line.clips[0].end) * FRAME_S + inside_s + 0.007
    lost = {"position_s": at_s - ahead_s, "from_s": at_s, "until_s": clip.end * FRAME_S}
    for _ in range(2):  # its page may ask twice
        bench.do("lost", lost)
        sounds = [each for each in bench.run.score.sounds if each.end * FRAME_S > at_s]
        assert clip.path not in {each.path for each in sounds}
        assert at_s - ahead_s - FRAME_S < sounds[0].at * FRAME_S <= at_s
        assert sounds[0].fade_in > 1 / FRAME_S
        assert not gaps(bench.run, at_s)
    assert len(events(bench, "Deviation")) == 1


def test_levels_that_are_measured_later_change_only_what_is_to_come(bench):
    slots = (*bench.session.slots, *bench.session.tail)
    bench.sound.unmeasured.update(slot.path for slot in slots)
    bench.do("begin", {})
    assert bench.sound.wanted
    guessed = bench.run.score
    bench.sound.unmeasured.clear()
    bench.run.heard_until(100.0)
    bench.do("heard", {"run": run_id(bench), "source": "page-1", "events": []})
    change = first_change(guessed.sounds, bench.run.score.sounds)
    assert change >= round((100.0 + LEAD_S) / FRAME_S)
    assert bench.state()["run"]["mix"]["same_until_s"] == pytest.approx(change * FRAME_S)


def test_pausing_and_ending_are_noted(bench):
    bench.do("begin", {})
    bench.do("pause", {"position_s": 10.0})
    assert bench.state()["run"]["paused"]
    bench.do("resume", {"position_s": 10.0})
    bench.do("note", {"text": " calm breath ", "position_s": 11.0})
    assert bench.do("end", {"position_s": 12.0}) == 1
    assert events(bench)[-4:] == ["Paused", "Resumed", "Note", "Ended"]
    state = bench.state()
    assert (state["run"], state["after"]) == (None, 1)
    bench.do("leave_record", {})
    assert bench.state()["after"] is None


def test_what_sounded_is_kept_also_when_the_run_is_over(bench, clock):
    bench.do("begin", {})
    bench.do("end", {"position_s": 12.0})
    closed = {"number": 1, "at": clock().isoformat(), "session_s": 12.0, "kind": "closed"}
    assert bench.do("heard", {"run": run_id(bench), "source": "page-1", "events": [closed]}) == {
        "last": 1
    }


def test_what_sounded_is_kept_though_what_comes_cannot_be_made(bench, clock, monkeypatch):
    """Its page would send it again and again, and nothing behind it."""
    bench.do("begin", {})
    broken = Mock(side_effect=RenderError("It cannot be mixed."))
    monkeypatch.setattr(type(bench.run), "check", broken)
    closed = {"number": 1, "at": clock().isoformat(), "session_s": 12.0, "kind": "closed"}
    given = {"run": run_id(bench), "source": "page-1", "events": [closed]}
    assert bench.do("heard", given) == {"last": 1}
    assert broken.called


def test_what_is_of_a_run_of_another_library_is_kept_nowhere(bench, clock):
    """As where it was made again in the same place, and its first run goes."""
    bench.do("begin", {})
    closed = {"number": 1, "at": clock().isoformat(), "session_s": 12.0, "kind": "closed"}
    given = {"run": "0" * 32, "source": "page-1", "events": [closed]}
    assert bench.do("heard", given) == {"last": None}
    assert "Closed" not in events(bench)


def test_what_was_prepared_lies_on_the_desk_again_when_a_run_has_ended(bench):
    prepared = bench.session
    bench.do("begin", {})
    press(bench, "calm", when="now")
    steered = bench.session
    assert steered.slots != prepared.slots
    bench.do("end", {"position_s": 320.0})
    assert bench.session.slots == bench.library.session().slots == prepared.slots
    bench.do("undo", {})
    assert bench.session.slots == steered.slots


@pytest.mark.parametrize("button", ["hold", "softer"])
def test_the_session_of_a_run_that_was_steered_stays_one(bench, button):
    """A drawn plan is that of before the buttons: to draw after them would move it twice."""
    bench.do("begin", {})
    press(bench, button, when="now")
    bench.do("end", {"position_s": 310.0, "finished": False})
    bench.do("leave_record", {})
    bench.do("undo", {})
    before = bench.state()["session"]["curve"]
    with pytest.raises(RequestError, match="cannot be drawn"):
        bench.do("draw", {"place": 2, "level": 0.2, "stroke": "", "done": True})
    assert bench.state()["session"]["curve"] == before
    bench.open_last()
    assert bench.state()["session"]["curve"] == before


def test_a_press_does_not_wait_for_a_library_that_another_process_writes_to(bench, opened):
    """It would be held up for half a minute, and then refused, and the session changed all the
    same: what was pressed then would sound with the next press.
    """
    bench.do("begin", {})
    running, before = bench.run, bench.run.score
    with locked(bench.library.path):
        assert press(bench, "softer")["sentence"]
    assert first_change(before.sounds, running.score.sounds) is not None
    assert bench.state()["run"]["told"] == []
    bench.do("note", {"text": "x", "position_s": 301.0})
    assert [each.button for each in events(bench, "Pressed")] == ["softer"]
    with locked(bench.library.path):
        press(bench, "longer", 302.0)
    press(bench, "deeper", 304.0)
    bench.close()
    assert opened().session == bench.session


@pytest.mark.parametrize("button", ["calm", "softer"])
def test_a_press_is_heard_and_told_of_where_nothing_can_be_written(bench, monkeypatch, button):
    """As to a disk that is full."""
    bench.do("begin", {})
    before = bench.run.score

    def full(*_, **__):
        raise LibraryError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(type(bench.library), "keep", full)
        patch.setattr(type(bench.library.records), "append", full)
        assert press(bench, button)["sentence"]
        assert first_change(before.sounds, bench.run.score.sounds) is not None
        *_, told = bench.state()["run"]["told"]
        assert "The disk is full." in told
        assert "plays on" in told
    bench.do("note", {"text": "x", "position_s": 301.0})
    press(bench, "longer", 302.0)
    assert bench.state()["run"]["told"] == []
    assert [each.button for each in events(bench, "Pressed")] == [button, "longer"]


def test_a_change_that_cannot_be_kept_is_shown_and_told(bench, monkeypatch):
    """It stays on the desk, and is kept with the next one."""

    def full(*_, **__):
        raise LibraryError("The disk is full.")

    version = bench.version
    with monkeypatch.context() as patch:
        patch.setattr(type(bench.library), "keep", full)
        with pytest.raises(LibraryError):
            bench.do("pin", {"place": 1})
    assert bench.version > version
    assert bench.state()["session"]["slots"][0]["pinned"]
    bench.do("undo", {})
    assert not bench.state()["session"]["slots"][0]["pinned"]
