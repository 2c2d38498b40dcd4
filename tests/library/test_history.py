"""The history keeps what was played for a name, tells drafts from sessions, and mixes up no two."""

import os
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import LibraryError, RequestError
from playlist_builder.library.database import Database
from playlist_builder.library.history import (
    DRAFT,
    Ban,
    PersonHistory,
    PersonSummary,
    PlayedSession,
    Rating,
    played_session,
)
from playlist_builder.models import Session, Slot
from playlist_builder.session_request import PERSON_NAME_LIMIT, SessionRequest, person_name

NOON = datetime.fromisoformat("2026-11-20T12:00:00+01:00")


def at(**after):
    return (NOON + timedelta(**after)).isoformat(timespec="seconds")


def session(number, name="Anemone", tracks=("5f",), file="/s/a.json", **after):
    return PlayedSession(number, name, at(**after), file, "arc", 3600.0, tuple(tracks))


@pytest.fixture
def history(tmp_path):
    with Database(os.fspath(tmp_path / "library.db")) as database:
        yield database.history


def test_what_was_kept_comes_back_in_the_order_of_time(history):
    """Whatever the order in which it was told, and for each name alone."""
    later, earlier = session("b", days=1), session("a", tracks=("7e", "6d", "5f"))
    other = session("c", name="Basil", tracks=())
    up, down = (
        Rating("5f", "up", "smiled", at(hours=2), "a", "Thaw"),
        Rating("6d", "down", "", at(hours=1), "a", "Alarm"),
    )
    history.store(later, other)
    history.store(earlier)
    history.rate("Anemone", up)
    history.rate("Anemone", down)
    history.ban("Anemone", Ban("7e", "bells", "Ding"))
    assert history.of("Anemone") == PersonHistory(
        "Anemone", [earlier, later], [down, up], [Ban("7e", "bells", "Ding")]
    )
    assert history.of("Basil") == PersonHistory("Basil", [other], [], [])
    assert history.names() == [
        PersonSummary("Anemone", 2, 2, 1, at(days=1)),
        PersonSummary("Basil", 1, 0, 0, at()),
    ]


def test_the_last_word_counts(history):
    history.store(session("a", tracks=("1", "2", "3")))
    history.store(session("a", tracks=("4",), file="/s/elsewhere.json", minutes=5))
    history.rate("Anemone", Rating("5f", "up", "smiled", at(), "a", "Thaw"))
    history.rate("Anemone", Rating("5f", "down", "", at(), "a", "Thaw"))
    history.ban("Anemone", Ban("7e", "bells", "Ding"))
    history.unban("Anemone", "7e")
    past = history.of("Anemone")
    assert past.sessions == [session("a", tracks=("4",), minutes=5)]
    assert [rating.verdict for rating in past.ratings] == ["down"]
    assert past.bans == []


def test_a_session_without_a_number_of_its_own_is_not_kept(history):
    """It would take the place of another one, perhaps of another name."""
    history.store(session("a"))
    with pytest.raises(LibraryError, match="another name"):
        history.store(session("b"), session("a", name="Basil", tracks=("7e",)))
    with pytest.raises(LibraryError, match="no number"):
        history.store(session("b"), session(""))
    assert [each.session for each in history.of("Anemone").sessions] == ["a"]
    assert history.of("Basil").sessions == []


def test_an_unknown_name_is_one_line_with_those_that_are_known(history):
    with pytest.raises(LibraryError, match=r"'Anemone' in the history\. Available: none yet"):
        history.existing("Anemone")
    history.store(session("a", name="Basil"))
    with pytest.raises(LibraryError, match="Available: Basil"):
        history.existing("anemone")
    assert history.existing("Basil").sessions


def test_written_again_soon_is_the_same_session_and_later_another(history):
    """A second draft replaces the first; next week's session in the same file does not."""
    first = history.session_id("Anemone", "/s/a.json", at())
    history.store(session(first))
    soon, late = {"minutes": 59}, {"seconds": DRAFT.total_seconds() + 1}
    assert history.session_id("Anemone", "/s/a.json", at(**soon)) == first
    assert history.session_id("Anemone", "/s/a.json", at(**late)) != first
    assert history.session_id("Anemone", "/s/b.json", at(**soon)) != first
    assert history.session_id("Basil", "/s/a.json", at(**soon)) != first


def test_a_session_that_was_rated_was_played(history):
    """So what is written in its place is no draft of it."""
    first = history.session_id("Anemone", "/s/a.json", at())
    history.store(session(first))
    history.rate("Anemone", Rating("5f", "up", "", at(), first, "Thaw"))
    assert history.session_id("Anemone", "/s/a.json", at(minutes=5)) != first


def test_standard_output_is_always_another_session(history):
    first = history.session_id("Anemone", "", at())
    history.store(session(first, file=""))
    assert history.session_id("Anemone", "", at(seconds=1)) != first


def test_times_of_all_places_are_compared_as_moments(history):
    """An evening in Auckland lies before the morning of the same date in Berlin."""
    auckland = PlayedSession("a", "Anemone", "2026-11-20T20:00:00+13:00", "", "arc", 1.0, ("5f",))
    berlin = PlayedSession("b", "Anemone", "2026-11-20T09:00:00+01:00", "", "arc", 1.0, ("6d",))
    history.store(auckland, berlin)
    past = history.of("Anemone")
    assert past.sessions == [auckland, berlin]
    assert past.played_since(datetime.fromisoformat("2026-11-20T07:30:00+00:00")) == {"6d"}


@given(st.lists(st.tuples(st.integers(0, 200), st.frozensets(st.integers(0, 9))), max_size=8))
def test_heard_is_what_was_played_since(days):
    """The tracks of all sessions within the time, but of those that are made again."""
    sessions = [
        session(f"{number}", tracks=map(str, sorted(tracks)), days=-ago)
        for number, (ago, tracks) in enumerate(days)
    ]
    past = PersonHistory("Anemone", sessions)
    expected = {str(t) for ago, tracks in days for t in tracks if ago <= 90}
    assert past.played_since(NOON - timedelta(days=90)) == expected
    assert (
        past.played_since(NOON - timedelta(days=90), [each.session for each in sessions]) == set()
    )


def test_what_is_kept_of_a_session_is_all_that_plays():
    """The tail is heard too; a spare that was not needed is not."""
    slot = Slot("/m/a", "5f", "", "", "", 0.0, 60.0, "calm", 0.1, 0.1)
    tail = Slot("/m/b", "6d", "", "", "", 60.0, 90.0, "tail", 0.1, 0.1)
    request = SessionRequest("arc", "", name="Anemone", asked_at=at(), session="a")
    whole = Session("arc", "relative", 60.0, 60.0, 0, 0, 0, (slot,), (tail,), request=request)
    assert played_session(whole, "/s/a.json") == PlayedSession(
        "a", "Anemone", at(), "/s/a.json", "arc", 60.0, ("5f", "6d")
    )


@given(st.text(max_size=PERSON_NAME_LIMIT + 1))
def test_a_label_is_plain_text(text):
    """It is kept composed, so that it is the same however it was typed."""
    try:
        name = person_name(text)
    except RequestError as error:
        assert str(error).isprintable()
        assert not text.isprintable() or not text.strip() or len(text) >= PERSON_NAME_LIMIT
    else:
        assert name.isprintable()
        assert person_name(name) == name


def test_case_matters_and_composition_does_not():
    assert person_name("Cafe\u0301") == person_name("Caf\u00e9")
    assert person_name("anemone") != person_name("Anemone")


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\0", "\x1b[1m", "\ud800", "x" * 101])
def test_what_no_name_can_be_is_refused(text):
    with pytest.raises(RequestError, match="plain text of 1 to 100"):
        person_name(text)


def test_a_rating_is_told_with_its_day():
    rating = Rating("5f", "up", "smiled", "2026-11-20T00:30:00+13:00", "", "Thaw")
    assert rating.describe("Anemone") == "rated up for Anemone on 2026-11-20: smiled"
