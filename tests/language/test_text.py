"""What tags, files and people say, made fit for where it is shown."""

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import describe_exception
from playlist_builder.language.text import (
    LINE_LIMIT,
    UNPRINTED,
    clock,
    comparable,
    counted,
    encodable,
    escaped,
    folded,
    one_line,
    printable,
    replaced,
    shortened,
    whole_number,
    xml_safe,
)


def test_words_stand_on_one_line():
    assert xml_safe("  one\n two\r\n\tthree\u2028four ") == "one two three four"


def test_what_a_browser_would_obey_or_cannot_show_is_replaced():
    assert xml_safe("a\0b\x1bc\x85d\udce9e\ufdd0f") == "a\ufffdb\ufffdc d\ufffde\ufffdf"


def test_the_direction_of_what_follows_cannot_be_turned():
    assert xml_safe("\u202eevil\u2066x") == "evilx"
    assert xml_safe("a \u202e b\u2069 ") == "a b"


def test_letters_of_any_script_and_joined_pictures_stay():
    text = "静かな夜 العربية café 👩\u200d🚀"
    assert xml_safe(text) == text


def test_a_tag_as_long_as_a_book_is_cut():
    assert len(shortened("M" * 10_000)) == LINE_LIMIT
    assert shortened("M" * 10_000).endswith("…")
    assert shortened("M" * LINE_LIMIT) == "M" * LINE_LIMIT
    assert xml_safe("M" * 10_000) == "M" * 10_000


ODD = "a\tb\x1b[31m c\u2028d\udce9e\u200df"


def test_what_a_terminal_would_obey_is_replaced():
    assert printable(ODD) == "a\ufffdb\ufffd[31m c\ufffdd\ufffde\ufffdf"
    assert printable(ODD, " ") == "a b [31m c d e f"
    assert one_line(f"\r\n {ODD}  ") == "a b [31m c d e f"


def test_only_the_categories_that_are_named_are_replaced():
    assert replaced(ODD, UNPRINTED, "_") == "a_b_[31m c_d_e\u200df"
    assert replaced("a b", UNPRINTED, "_") == "a b"


def test_lone_surrogates_become_question_marks():
    assert encodable(ODD) == ODD.replace("\udce9", "?")


def test_texts_are_compared_whatever_their_case_and_width():
    assert folded("\uff2dasse") == folded("Maße") == "masse"


def test_an_unexpected_exception_is_one_line():
    assert describe_exception(ValueError("a\n\x1bb")) == "ValueError: a b"
    assert describe_exception(KeyError()) == "KeyError"
    assert len(describe_exception(ValueError("M" * 10_000))) == len("ValueError: ") + LINE_LIMIT


def test_times_have_hours_where_there_are_any_or_they_are_asked_for():
    times = ("0:00", "1:00", "59:59", "1:00:00", "6:00:00")
    assert tuple(map(clock, (0, 59.6, 3599.4, 3599.5, 21600))) == times
    assert clock(59.6, has_hours=True) == "0:01:00"


class Reader(HTMLParser):
    """All that a page holds."""

    def __init__(self):
        super().__init__()
        self.found, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))

    def handle_data(self, data):
        self.text += data


@given(st.text(st.characters() | st.sampled_from("<>&\"'/=;#!-"), max_size=60))
def test_whatever_a_tag_holds_it_reads_as_plain_text_in_element_and_attribute(text):
    reader = Reader()
    reader.feed(f'<b title="{escaped(text)}">{escaped(text)}</b>')
    reader.close()
    assert reader.found == [("b", [("title", xml_safe(text))])]
    assert reader.text == xml_safe(text)


TITLES = [
    ("Don't Stop", "Don\u2019t Stop", "DON\u02bcT STOP", "Don`t  Stop", "Dont stop."),
    ("Re-entry", "Re\u2010entry", "Re\u2011entry", "Re\u2013Entry", "Re \u2212 entry"),
    ("Caf\u00e9 de Flore", "Cafe\u0301 de Flore", "CAFE\u0301 DE FLORE", "Caf\u00e9\u00a0de Flore"),
    (
        "Dawn (Part 1/2)",
        "Dawn, part \u00bd",
        "Dawn \u2014 Part 1 2",
        "\u201cDawn\u201d: Part 1\u20442",
    ),
    (
        "\u591c\u60f3\u66f2\u301c\u6708",
        "\u591c\u60f3\u66f2\uff5e\u6708",
        "\u591c\u60f3\u66f2 - \u6708",
    ),
    ("Prelude in C# minor", "Prelude in C\u266f minor", "PRELUDE IN C\uff03 MINOR"),
    ("Soft", "So\u00adft", "So\u200bft", "\ufeffSoft\u200e"),
    ("\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
]


@pytest.mark.parametrize("titles", TITLES)
def test_names_with_the_same_words_compare_as_one(titles):
    assert {comparable(title) for title in titles} == {comparable(titles[0])}


def test_names_of_other_words_stay_apart():
    names = ["Dawn", "Dawn II", "Prelude in C# minor", "Prelude in C minor", "Etude 1, 2"]
    names += ["Etude 12", "!!!", "???", "...", "Dawn+"]
    assert len({comparable(name) for name in names}) == len(names)
    assert comparable("!!!") == "!!!"
    assert comparable(" \t") == ""


@given(st.text(max_size=30), st.sampled_from(["NFC", "NFD"]))
def test_the_form_of_unicode_makes_no_other_name(text, form):
    assert comparable(unicodedata.normalize(form, text)) == comparable(text)
    assert comparable(comparable(text)) == comparable(text)


HYPHENS, APOSTROPHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "'\u2018\u2019\u02bc\u2032"


@given(st.lists(st.text("abcdefghij", min_size=1), min_size=2, max_size=4), st.data())
def test_every_hyphen_and_apostrophe_is_that_of_ascii(words, data):
    for marks in (HYPHENS, APOSTROPHES):
        other = data.draw(st.sampled_from(marks)).join(words)
        assert folded(other) == marks[0].join(words)
        assert comparable(other) == comparable(marks[0].join(words))


@given(st.text("0123456789x", max_size=14))
def test_digits_are_a_number_below_a_billion(text):
    found = whole_number(text)
    is_number = text.isdecimal() and int(text) < 10**9
    assert found == (int(text) if is_number else None)


def test_a_count_has_its_noun():
    assert [counted(n, "track") for n in (0, 1, 2)] == ["0 tracks", "1 track", "2 tracks"]
    assert counted(2, "entry", "entries") == "2 entries"
