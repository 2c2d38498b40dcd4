"""A track of a session is named by as much as it takes, and never guessed."""

from dataclasses import replace

import pytest

from playlist_builder.errors import RequestError
from playlist_builder.models import Session, Slot
from playlist_builder.sessions.track_words import number_of

TITLES = ("Night Express", "Night Ferry", "Café", "1979", "The Night", "Thaw")
SLOTS = tuple(
    Slot(f"/m/{n}.flac", str(n), title, "", "", 60.0 * n, 60.0 * (n + 1), "calm", 0.2, 0.2)
    for n, title in enumerate(TITLES)
)
SESSION = Session("arc", "relative", 60.0, 60.0, 0.0, 0.0, 0.0, SLOTS[:-1], SLOTS[-1:])


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("1", 1),
        ("5", 5),
        ("1979", 4),
        ("night express", 1),
        ("night e", 1),
        ("FERRY", 2),
        ("cafe\u0301", 3),
        ("/m/3.flac", 4),
        ("3.flac", 4),
        ("the n", 5),
    ],
)
def test_as_much_as_it_takes(word, number):
    assert number_of(SESSION, word) == number


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("night", "'night' may be number 1 'Night Express', 2 'Night Ferry'. Which one?"),
        ("dawn", "No track of the session is called 'dawn'. Give its number, 1 to 5"),
        ("0", "There is no number 0: the session has numbers 1 to 5"),
        ("-1", "There is no number -1"),
        ("9" * 50, f"There is no number {'9' * 19}…:"),
        ("1" + "0" * 8 + "3", "There is no number 1000000003:"),
        ("6", "To change its tail, ban"),
        ("Thaw", "No track of the session"),
    ],
)
def test_what_names_none_or_several_is_told(word, told):
    with pytest.raises(RequestError) as error:
        number_of(SESSION, word)
    assert told in str(error.value)


@pytest.mark.parametrize("word", ["0", "7", "13", "197", "-1", "\uff17"])
def test_a_number_is_no_part_of_a_title(word):
    """Nor of the name of a file."""
    slot = replace(SLOTS[0], title="Op. 13 No 7, 0-1, 1979", path="/m/13")
    with pytest.raises(RequestError, match="There is no number"):
        number_of(replace(SESSION, slots=(slot,) * 5), word)


def test_the_tail_goes_on_counting():
    assert (
        number_of(SESSION, "6", with_tail=True) == number_of(SESSION, "thaw", with_tail=True) == 6
    )
    many = replace(SESSION, slots=SLOTS[:1] * 9)
    with pytest.raises(RequestError, match=r"5 'Night Express', \.\.\."):
        number_of(many, "night")
