"""The help of every command in Japanese: nothing of it is left in English, nothing is cut."""

# ruff: noqa: RUF001 - Japanese

import re

import click
import pytest

from playlist_builder.cli.help import WholeLines, paragraphs
from playlist_builder.cli.main import main
from playlist_builder.language import translation
from playlist_builder.language.line_breaks import cells
from tests.support.commands import run

NO_WORDS = re.compile(r"'[^']*'|\"[^\"]*\"|項目：[^。]+|(redo|show|check) ")
ENGLISH_SENTENCE = re.compile(r"(?<![\w.'/:-])[A-Za-z][a-z]+,? [a-z]{2,}(?![\w/-])")


def commands(command=main, words=()):
    """Yield every command with the words by which it is called."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*words, name))


def texts():
    """Yield all that the help of any command says."""
    for _, command in commands():
        yield from paragraphs(command.help or "")
        yield from (each.help for each in command.params if getattr(each, "help", None))
        if isinstance(command, WholeLines):
            yield from command.sections
    yield from ("Commands", "Show this message and exit.")


def test_every_text_of_the_help_is_translated():
    known = translation.catalogue("ja")
    assert [each for each in set(texts()) if each and known.gettext(each) == each] == []


def test_no_help_in_japanese_holds_an_english_sentence():
    for words, _command in commands():
        shown = run(*words, "--help", LANGUAGE="ja").stdout
        assert shown.startswith("使い方：")
        assert "オプション：" in shown
        plain = " ".join(shown.split()).replace(" ".join(words), "")
        assert ENGLISH_SENTENCE.findall(NO_WORDS.sub("", plain)) == []


@pytest.mark.parametrize("width", [60, 80])
def test_lines_in_japanese_fit_the_terminal(width, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "ja")
    build = main.get_command(click.Context(main), "build")
    shown = build.get_help(click.Context(build, terminal_width=width))
    assert max(cells(line) for line in shown.splitlines() if "|" not in line) <= width


def test_the_language_does_not_stay():
    before = run("build", "--help").stdout
    run("build", "--help", LANGUAGE="ja")
    assert run("build", "--help").stdout == before


def test_what_click_says_is_translated():
    told = run("bild", code=2, LANGUAGE="ja").stderr
    assert told.startswith("使い方：")
    assert "エラー：コマンド 'bild' はありません。" in told
    assert "'build'" in told
