"""What tags, files and people say, made fit for where it is shown."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import describe_exception
from playlist_builder.text import (
    LINE_LIMIT,
    UNPRINTED,
    clock,
    encodable,
    escaped,
    folded,
    one_line,
    printable,
    replaced,
    shortened,
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
