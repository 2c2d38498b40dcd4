"""The commands by which a session is prepared, and what they tell."""

import json
import re
from types import SimpleNamespace

import pytest

from playlist_builder.desk.page_words import ON_PAGE
from playlist_builder.desk.words import Words
from playlist_builder.errors import LibraryError, PlaylistBuilderError, RequestError
from playlist_builder.profiles.find import read_text as load_text


def slots(bench):
    return [each for each in bench.state()["session"]["slots"] if not each["tail"]]


def ids(bench):
    return [each["id"] for each in slots(bench)]


def test_the_state_is_small_and_plain_json(bench):
    state = bench.state()
    assert len(json.dumps(state, allow_nan=False)) < 30_000
    assert state["session"]["number"] == 1
    assert not state["session"]["can_redo"]
    places = [each["place"] for each in state["session"]["slots"]]
    assert places == list(range(1, len(places) + 1))


def test_the_music_is_read_once(bench, monkeypatch):
    bench.state()
    monkeypatch.setattr(type(bench.library), "tracks", None)
    bench.do("pin", {"place": 1})
    assert bench.state()["library"]["tracks"] == 60
    assert bench.do("search", {"query": "energy<0.5"})["total"]


def test_what_can_be_chosen(bench):
    found = bench.do("choices", {})
    assert "arc" in [each["id"] for each in found["profiles"]]
    assert [each["number"] for each in found["kept"]] == [1]
    assert found["people"] == []


def test_a_session_is_asked_for_otherwise(bench):
    bench.do("ask", {"duration_s": 1200.0, "person": " A7 "})
    assert bench.state()["session"]["target_s"] == 1200.0
    assert bench.state()["session"]["person"] == "A7"
    assert bench.do("choices", {})["people"] == ["A7"]
    bench.do("ask", {"profile": "steady", "person": ""})
    assert bench.state()["session"]["profile"] == "steady"
    assert bench.state()["session"]["person"] == ""
    bench.do("undo", {})
    assert bench.state()["session"]["profile"] == "arc"


def test_a_new_session_is_another_one(bench):
    bench.do("build", {"profile": "arc", "duration_s": 1800.0, "person": "A7"})
    assert bench.state()["session"]["number"] == 2
    bench.do("open", {"session": "1"})
    assert bench.state()["session"]["number"] == 1


def test_a_session_is_as_even_as_what_will_play_it(bench):
    given = {"profile": "arc", "duration_s": 1800.0}
    bench.do("build", given)
    assert bench.state()["session"]["levelled"]
    bench.player = SimpleNamespace(target="mpd://there")
    bench.do("build", given)
    assert not bench.state()["session"]["levelled"]


def test_drawing_a_point_changes_what_plays_around_it_alone(bench):
    before, points = slots(bench), bench.state()["session"]["points"]
    bench.do("draw", {"place": 0, "level": 0.4, "stroke": "a", "done": True})
    after, drawn = slots(bench), bench.state()["session"]["points"]
    assert drawn[0] == [0.0, 0.4]
    assert drawn[1:] == [pytest.approx(each) for each in points[1:]]
    behind_s = points[1][0]
    late = [
        [slot["id"] for slot in own if (slot["start_s"] + slot["end_s"]) / 2 > behind_s]
        for own in (before, after)
    ]
    assert late[0] == late[1]
    assert after[0]["id"] != before[0]["id"]
    assert bench.state()["session"]["is_drawn"]
    bench.do("undraw", {})
    assert not bench.state()["session"]["is_drawn"]


def test_the_steps_of_a_stroke_are_one_change(bench):
    before = ids(bench)
    for level in (0.3, 0.5, 0.6):
        bench.do("draw", {"place": 2, "level": level, "stroke": "a", "done": level == 0.6})
    assert bench.state()["session"]["points"][2][1] == 0.6
    bench.do("draw", {"place": 1, "level": 0.3, "stroke": "b", "done": True})
    bench.do("undo", {})
    assert bench.state()["session"]["points"][2][1] == 0.6
    bench.do("undo", {})
    assert ids(bench) == before
    assert bench.state()["session"]["can_redo"]


def test_a_point_is_moved_in_time_and_kept_there(bench):
    shown = bench.state()["session"]
    points, place = shown["points"], 2
    at_s = points[place][0] - 120.0
    for step_s in (points[place][0] + 60.0, points[place][0], at_s):
        given = {"place": place, "level": points[place][1], "at_s": step_s, "stroke": "a"}
        bench.do("draw", given | {"done": step_s == at_s})
    moved = bench.state()["session"]
    wanted = [[at_s, level] if n == place else [t, level] for n, (t, level) in enumerate(points)]
    assert moved["points"] == [pytest.approx(each, abs=2e-3) for each in wanted]
    assert moved["phases"][place]["start_s"] == pytest.approx(at_s)
    assert moved["is_drawn"]
    bench.open_last()
    again = bench.state()["session"]
    assert (again["points"], again["slots"]) == (moved["points"], moved["slots"])
    bench.do("draw", {"place": 0, "level": 0.3, "at_s": 0.0, "stroke": "b", "done": True})
    assert bench.state()["session"]["points"][place][0] == pytest.approx(at_s)
    bench.do("ask", {"duration_s": 2 * shown["target_s"]})
    assert bench.state()["session"]["points"][place][0] == pytest.approx(2 * at_s)
    bench.do("undraw", {})
    drawn_back = bench.state()["session"]["points"][place]
    assert drawn_back == pytest.approx([2 * points[place][0], points[place][1]], abs=2e-3)


@pytest.mark.parametrize(
    ("place", "at_s", "told"),
    [(0, 30.0, "stay at their times"), (1, 20.0, "less than a minute"), (1, -5.0, "seconds")],
)
def test_a_point_stays_where_its_phases_have_time(bench, place, at_s, told):
    version = bench.version
    with pytest.raises(PlaylistBuilderError, match=told):
        bench.do("draw", {"place": place, "level": 0.3, "at_s": at_s, "stroke": "", "done": True})
    assert bench.version == version


def test_a_step_that_cannot_be_leaves_the_one_before(bench):
    bench.do("draw", {"place": 2, "level": 0.6, "stroke": "a", "done": False})
    now = bench.state()["session"]["points"]
    with pytest.raises(RequestError, match="level"):
        bench.do("draw", {"place": 2, "level": 7, "stroke": "a", "done": True})
    with pytest.raises(RequestError, match="border"):
        bench.do("draw", {"place": 99, "level": 0.5, "stroke": "a", "done": True})
    assert bench.state()["session"]["points"] == now


def test_the_budget_is_told(bench):
    assert bench.do("budget", {}) == {"usable": 60, "total": 60, "sessions": 2}


def test_a_track_is_swapped_for_one_that_was_looked_at(bench):
    found = bench.do("candidates", {"place": 2})
    assert found[0]["differs"]
    bench.do("swap", {"place": 2, "track": found[0]["id"]})
    assert ids(bench)[1] == found[0]["id"]
    assert bench.state()["difference"]["came"] == [found[0]["id"]]
    told = bench.state()["difference"]["told"]
    assert told[0] == f"In: {found[0]['title']}"
    assert told[1].startswith("Out: Title ")


def test_tracks_are_pinned_moved_dropped_and_put_in(bench):
    first = ids(bench)
    bench.do("pin", {"place": 3})
    assert slots(bench)[2]["pinned"]
    assert "is pinned" in bench.state()["difference"]["told"][0]
    bench.do("unpin", {"place": 3})
    bench.do("move", {"place": 3, "to": 4})
    assert ids(bench)[3] == first[2]
    assert bench.state()["difference"]["told"][0].endswith("is number 3, it was number 4")
    bench.do("drop", {"place": 4})
    assert first[2] not in ids(bench)
    bench.do("insert", {"track": first[2], "at": 2})
    assert ids(bench)[1] == first[2]
    for _ in range(5):
        bench.do("undo", {})
    assert ids(bench) == first
    bench.do("redo", {})
    assert slots(bench)[2]["pinned"]


def test_other_sessions_are_looked_at_and_taken(bench):
    with pytest.raises(RequestError, match="Look at them again"):
        bench.do("take", {"number": 1})
    found = bench.do("alternatives", {})
    assert [each["number"] for each in found] == list(range(len(found)))
    assert found[0]["shared"] == len(ids(bench))
    bench.do("take", {"number": 1})
    assert ids(bench) == [each["id"] for each in found[1]["slots"] if not each["tail"]]
    bench.do("undo", {})
    assert ids(bench) == [each["id"] for each in found[0]["slots"] if not each["tail"]]


def test_music_is_found_the_calmest_first(bench):
    found = bench.do("search", {"query": "energy<0.4"})
    energies = [each["energy"] for each in found["tracks"]]
    assert energies == sorted(energies)
    assert found["total"] == len(energies) == len(found["ids"])
    assert bench.do("search", {"query": " "})["ids"] is None
    with pytest.raises(PlaylistBuilderError):
        bench.do("search", {"query": "energy:x"})


def test_the_map_is_in_columns(bench):
    found = bench.do("music", {})
    assert {len(column) for column in found.values()} == {60}
    assert min(found["energy"]) == 0.0
    assert max(found["energy"]) == 1.0
    assert set(found["tension"]) == {None}


def test_what_a_person_says_of_a_track_is_kept(bench):
    own = ids(bench)[1]
    bench.do("mark", {"track": own, "energy": 0.9, "vocals": "sung", "note": " bells "})
    assert slots(bench)[1]["note"] == "bells"
    marked = bench.do("track", {"track": own})
    assert marked["mark"] == {"energy": 0.9, "vocals": "sung", "banned": False, "note": "bells"}
    assert marked["energy"] == 0.9
    bench.do("mark", {"track": own, "energy": None, "vocals": None})
    marked = bench.do("track", {"track": own})["mark"]
    assert marked == {"energy": None, "vocals": None, "banned": False, "note": "bells"}
    with pytest.raises(LibraryError):
        bench.do("mark", {"track": own, "energy": "much"})


def test_what_is_banned_leaves_the_session_and_comes_back_when_it_may(bench):
    own = ids(bench)[1]
    bench.do("mark", {"track": own, "banned": True})
    assert own not in ids(bench)
    with pytest.raises(LibraryError):
        bench.do("track", {"track": "nothing"})
    assert bench.do("track", {"track": own})["mark"]["banned"]
    bench.do("mark", {"track": own, "banned": False})
    assert not bench.do("track", {"track": own})["mark"]["banned"]


def test_undo_steps_back_without_what_was_banned(bench):
    bench.do("drop", {"place": 6})
    changed = ids(bench)
    own = changed[2]
    bench.do("pin", {"place": 1})
    bench.do("mark", {"track": own, "banned": True})
    assert own not in ids(bench)
    bench.do("undo", {})
    assert own not in ids(bench)
    assert not slots(bench)[0]["pinned"]
    assert ids(bench)[:2] == changed[:2]
    bench.do("undo", {})
    assert own not in ids(bench)
    bench.open_last()
    assert own not in ids(bench)


def test_where_only_a_ban_could_be_undone_it_says_so(bench):
    while bench.edited().can_undo:
        bench.do("undo", {})
    own = ids(bench)[2]
    bench.do("mark", {"track": own, "banned": True})
    before = ids(bench)
    with pytest.raises(RequestError, match="stays out"):
        bench.do("undo", {})
    assert ids(bench) == before
    bench.do("mark", {"track": own, "banned": False})
    bench.do("undo", {})
    assert own in ids(bench)


@pytest.mark.parametrize("is_of_person", [False, True])
def test_redo_brings_nothing_back_that_was_banned(bench, is_of_person):
    if is_of_person:
        bench.do("ask", {"person": "A7"})
    before = ids(bench)
    bench.do("swap", {"place": 3})
    (own,) = set(ids(bench)[2:3]) - set(before)
    bench.do("undo", {})
    assert own not in ids(bench)
    bench.do("ban_for" if is_of_person else "mark", {"track": own, "banned": True})
    bench.do("redo", {})
    assert own not in ids(bench)


def test_what_is_banned_for_a_person_is_used_for_others(bench):
    bench.do("ask", {"person": "A7"})
    own = ids(bench)[1]
    bench.do("ban_for", {"track": own, "banned": True})
    assert own not in ids(bench)
    assert bench.do("track", {"track": own})["banned_for"]
    found = bench.do("search", {"query": ""})["tracks"]
    assert [each["id"] for each in found if each["banned_for"]] == [own]
    assert not bench.do("track", {"track": own})["mark"]["banned"]
    assert own not in {each["id"] for each in bench.do("candidates", {"place": 2})}
    bench.do("ask", {"person": ""})
    assert not bench.do("track", {"track": own})["banned_for"]
    with pytest.raises(RequestError, match="for whom"):
        bench.do("ban_for", {"track": own, "banned": True})
    bench.do("ask", {"person": "A7"})
    bench.do("ban_for", {"track": own, "banned": False})
    assert not bench.do("track", {"track": own})["banned_for"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("draw", {"place": "1", "level": 0.5, "stroke": "a"}),
        ("draw", {"place": 1, "level": float("nan"), "stroke": "a"}),
        ("swap", {"place": 0}),
        ("swap", {"place": True}),
        ("move", {"place": 1}),
        ("insert", {"track": 5, "at": 1}),
        ("build", {"profile": ["arc"]}),
        ("search", {}),
        ("mark", {"track": "0001", "banned": "yes"}),
        ("scan", {"folder": 3}),
        ("nothing", {}),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(bench, name, given):
    version = bench.version
    with pytest.raises(PlaylistBuilderError) as refused:
        bench.do(name, given)
    assert len(str(refused.value).splitlines()) == 1
    assert bench.version == version


@pytest.mark.parametrize("command", ["build", "ask"])
@pytest.mark.parametrize("name", ["own.toml", "{folder}/own.toml"])
def test_no_file_is_opened_as_a_profile(bench, tmp_path, monkeypatch, command, name):
    """A page names a profile; a path could be a pipe that never ends."""
    own = tmp_path / "own.toml"
    own.write_text(load_text("steady"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlaylistBuilderError, match="No profile"):
        bench.do(command, {"profile": name.format(folder=tmp_path)})
    assert bench.state()["session"]["number"] == 1


def test_what_fails_is_told_in_words_of_the_page(bench):
    for do in (
        lambda: bench.do("build", {"profile": "arc", "duration_s": 40_000.0}),
        lambda: bench.do("ask", {"duration_s": 40_000.0}),
        lambda: bench.edited().replan(at_s=1e6),
    ):
        with pytest.raises(PlaylistBuilderError) as refused:
            do()
        assert "--" in str(refused.value)
        for language in ("en", "ja"):
            told = Words(language).told(refused.value)
            assert "--" not in told
            assert told.isascii() == (language == "en")


@pytest.mark.parametrize("message", ON_PAGE)
def test_what_is_told_otherwise_on_the_page_is_what_the_library_says(message):
    assert Words("ja").text(message) != message
    assert not re.search(r"(?<!\w)--\w|playlist-builder", ON_PAGE[message])
