"""What tags hold, made fit for a page."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.text import SHOWN, escaped, plain, short


def test_words_stand_on_one_line():
    assert plain("  one\n two\r\n\tthree\u2028four ") == "one two three four"


def test_what_a_browser_would_obey_or_cannot_show_is_replaced():
    assert plain("a\0b\x1bc\x85d\udce9e\ufdd0f") == "a\ufffdb\ufffdc d\ufffde\ufffdf"


def test_the_direction_of_what_follows_cannot_be_turned():
    assert plain("\u202eevil\u2066x") == "evilx"


def test_letters_of_any_script_and_joined_pictures_stay():
    text = "静かな夜 العربية café 👩\u200d🚀"
    assert plain(text) == text


def test_a_tag_as_long_as_a_book_is_cut():
    assert len(short("M" * 10_000)) == SHOWN
    assert short("M" * 10_000).endswith("…")
    assert short("M" * SHOWN) == "M" * SHOWN
    assert plain("M" * 10_000) == "M" * 10_000


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
    assert reader.found == [("b", [("title", plain(text))])]
    assert reader.text == plain(text)
