"""A call for calm, silence or the end does not wait for what takes long, and that is said."""

import asyncio
from threading import Event

import pytest

from playlist_builder import PlaylistBuilderError, StoppedError, check_stopped, stoppable
from playlist_builder.desk.desk import Desk, Superseded
from playlist_builder.desk.turns import Turn, Way, way_of

PATIENCE_S = 30.0


class Busy:
    """A bench of which every command but "calm", "silence" and "end" lasts until it is stopped."""

    version = 1

    def __init__(self):
        self.done, self.begun, self.lasts = [], Event(), True

    def do(self, name, given):
        word = given.get("button", name)
        self.begun.set()
        while self.lasts and word not in {"calm", "silence", "end", "search"}:
            check_stopped()
        self.done.append(word)
        self.lasts = self.lasts and word == "search"
        return given["waited_s"]

    def state(self):
        return {}

    def tend(self):
        pass


def asked(first, then, **given):
    """Return what became of two commands of which the second comes while the first is under way."""
    bench = Busy()
    desk = Desk(lambda: bench)
    desk.open()

    async def both():
        one = asyncio.create_task(desk.do(*first, seen=None, **given))
        await asyncio.to_thread(bench.begun.wait, PATIENCE_S)
        other = asyncio.create_task(desk.do(*then, seen=None))
        found = asyncio.gather(one, other, return_exceptions=True)
        return await asyncio.wait_for(found, PATIENCE_S)

    return asyncio.run(both()), bench.done


def press(button):
    return "press", {"button": button}


@pytest.mark.parametrize("then", [press("calm"), ("end", {})])
@pytest.mark.parametrize("first", [press("hold"), ("take_back", {})])
def test_calm_and_the_end_do_not_wait_for_a_press_and_take_its_place(first, then):
    (one, other), done = asked(first, then)
    assert isinstance(one, StoppedError)
    assert str(one) == "What was asked for later has taken its place."
    assert other[0] is True
    assert done == [then[1].get("button", then[0])]


def test_silence_comes_first_and_what_was_pressed_before_follows():
    (one, other), done = asked(press("hold"), press("silence"))
    assert done == ["silence", "hold"]
    assert one[0] is other[0] is True
    assert one[1] > 0.0  # it says how long it has waited, as the music has played on


def test_what_sounded_is_taken_once_more_behind_a_call_for_calm():
    (one, _), done = asked(("heard", {}), press("calm"))
    assert (one[0], done) == (True, ["calm", "heard"])


def test_what_the_desk_itself_asks_is_stopped_by_a_call_for_calm_and_follows_it():
    """As where a file of a session that a player plays is gone, and another one is looked for."""
    bench = Busy()
    desk = Desk(lambda: bench)
    desk.open()

    async def both():
        desk.serve()
        one = asyncio.create_task(
            asyncio.to_thread(desk.ask, lambda bench: bench.do("look", {"waited_s": 0.0}))
        )
        await asyncio.to_thread(bench.begun.wait, PATIENCE_S)
        await asyncio.wait_for(desk.do(*press("calm"), seen=None), PATIENCE_S)
        await asyncio.wait_for(one, PATIENCE_S)

    asyncio.run(both())
    assert bench.done == ["calm", "look"]


def test_alternatives_end_where_the_session_changes_and_come_behind_a_question():
    (one, _), _ = asked(("alternatives", {}), press("calm"))
    assert isinstance(one, Superseded)
    bench = Busy()
    desk = Desk(lambda: bench)
    desk.open()

    async def several():
        one = asyncio.create_task(desk.do("alternatives", {}, seen=None))
        await asyncio.to_thread(bench.begun.wait, PATIENCE_S)
        await desk.do("search", {}, seen=None)
        bench.lasts = False
        return await asyncio.wait_for(one, PATIENCE_S)

    assert asyncio.run(several())[0] is True
    assert bench.done == ["search", "alternatives"]


def test_alternatives_end_when_their_page_has_gone():
    bench, left = Busy(), Event()
    desk = Desk(lambda: bench)
    desk.open()

    async def gone():
        one = asyncio.create_task(desk.do("alternatives", {}, seen=None, left=left))
        await asyncio.to_thread(bench.begun.wait, PATIENCE_S)
        left.set()
        with pytest.raises(Superseded):
            await asyncio.wait_for(one, PATIENCE_S)

    asyncio.run(gone())
    assert bench.done == []


@pytest.mark.parametrize("name", ["press", "pause", "heard", "swap", "alternatives"])
def test_nothing_stops_a_call_for_calm(name):
    assert way_of(Turn(*press("calm")), Turn(name, {"button": "softer"})) is Way.STAYS


def test_presses_that_add_up_wait_for_each_other():
    assert way_of(Turn(*press("softer")), Turn(*press("softer"))) is Way.STAYS


def test_a_real_search_is_stopped_and_nothing_is_changed(bench):
    """As where the solver looks for a long time."""
    before, stop = bench.session, Event()
    stop.set()
    with stoppable(stop.is_set), pytest.raises(PlaylistBuilderError) as raised:
        bench.do("alternatives", {})
    assert isinstance(raised.value, StoppedError)
    with stoppable(stop.is_set), pytest.raises(StoppedError):
        bench.do("drop", {"place": 3})
    assert bench.session is before
