"""A desk without a browser and without sound: a library of empty files, and levels made up."""

from datetime import UTC, datetime, timedelta

import pytest

from playlist_builder import SessionRequest
from playlist_builder.desk import log, prepare, run
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.words import Words
from tests.desk.support import Sound
from tests.support.libraries import fill_there

SESSION_S = 1800.0


class Clock:
    """A time of day that goes on when it is told to, and a clock that is never set."""

    def __init__(self):
        self.now, self.passed_s = datetime(2026, 11, 27, 10, tzinfo=UTC), 0.0

    def __call__(self):
        return self.now

    def later(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.passed_s += seconds

    def steady_s(self):
        return self.passed_s

    def set(self, seconds):
        """Set the time of day, by so many seconds."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A library with one kept session; its bytes are copied for each test."""
    folder = tmp_path_factory.mktemp("desk")
    fill_there(folder, 60)
    bench = Bench(str(folder / "l.db"), {}, Words("en"), Sound())
    bench.build(SessionRequest("arc", duration_s=SESSION_S))
    bench.close()
    return folder / "l.db"


@pytest.fixture
def clock(monkeypatch):
    own = Clock()
    monkeypatch.setattr(log, "wall_clock", own)
    monkeypatch.setattr(run, "wall_clock", own)
    monkeypatch.setattr(log.Log.__init__, "__defaults__", (own, own.steady_s))
    return own


@pytest.fixture
def opened(filled, tmp_path, clock):  # noqa: ARG001 - the time of day of all that is opened
    """Open a bench on a library of its own; again and again as after a crash."""
    copy = tmp_path / "l.db"
    copy.write_bytes(filled.read_bytes())
    benches = []

    def open_():
        commands = run.guarded(prepare.COMMANDS) | run.COMMANDS
        bench = Bench(str(copy), commands, Words("en"), Sound())
        run.go_on(bench)
        if bench.run is None:
            bench.open_last()
        benches.append(bench)
        return bench

    yield open_
    for each in benches:
        each.close()


@pytest.fixture
def bench(opened):
    return opened()
