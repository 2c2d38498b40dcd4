"""Which language counts, and sentences whose values are told in it."""

# ruff: noqa: RUF001 - Japanese

import errno
import json
import pickle

import pytest

from playlist_builder.errors import ExportError, LibraryError, system_reason
from playlist_builder.language import translation
from playlist_builder.language.notices import notice
from playlist_builder.language.translation import Phrase, user_language

JAPANESE = translation.catalogue("ja")


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ja_JP"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:ja"}, "ja"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "en:ja"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LANGUAGE": "fr"}, "en"),
        ({"LC_ALL": "C", "LANGUAGE": "ja"}, "en"),
        ({"LC_ALL": "", "LANG": "ja"}, "ja"),
    ],
)
def test_the_environment_says_which_language(environ, code):
    assert user_language(environ) == code


def test_an_error_is_english_for_programs_and_translated_when_told():
    error = LibraryError("Cannot use {place}: {why}.", place="/l.db", why="{no template}")
    assert str(error) == "Cannot use /l.db: {no template}."
    assert error.in_language(JAPANESE) == "/l.db を使えません：{no template}。"


def test_errors_and_notices_within_an_error_are_told_as_well():
    inner = notice("no_track_for_tail")
    outer = LibraryError("Cannot use {place}: {why}.", place="x", why=inner)
    error = ExportError("Cannot use {place}: {why}.", place="y", why=outer)
    assert str(error) == f"Cannot use y: Cannot use x: {inner}.."
    assert "余韻はありません" in error.in_language(JAPANESE)


def test_what_has_no_values_is_no_template():
    assert str(LibraryError("a file {x}")) == "a file {x}"
    assert LibraryError("").in_language(JAPANESE) == ""


def test_an_error_survives_another_process():
    error = pickle.loads(pickle.dumps(LibraryError("Cannot use: {why}.", why="full")))  # noqa: S301
    assert str(error) == "Cannot use: full."


def test_a_phrase_is_its_english_text_and_is_told_with_its_values():
    phrase = Phrase("the decoder {how}", how=Phrase("crashed"))
    again = pickle.loads(pickle.dumps(phrase))  # noqa: S301
    for each in (phrase, again):
        assert (each, json.dumps(each)) == ("the decoder crashed", '"the decoder crashed"')
        assert each.in_language(JAPANESE) == "読み込み処理が異常終了しました"
    assert Phrase("").in_language(JAPANESE) == ""
    error = LibraryError(phrase)
    assert (str(error), error.in_language(JAPANESE)) == (phrase, phrase.in_language(JAPANESE))


def test_what_the_system_says_is_told_where_it_is_known():
    known = OSError(errno.ENOENT, "No such file or directory")
    told = translation.told(system_reason(known), JAPANESE)
    assert told == "ファイルまたはフォルダーがありません"
    for other in (OSError(errno.ENOENT, "gone"), OSError("gone")):
        assert translation.told(system_reason(other), JAPANESE) == "gone"
