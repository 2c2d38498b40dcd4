"""The help of commands, translated where it is shown, in lines that suit its language."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from inspect import cleandoc
from types import MappingProxyType
from typing import TypeVar

import click

from playlist_builder.cli.language import _, language
from playlist_builder.language.line_breaks import lines_of

C = TypeVar("C", bound=click.Command)

AS_IT_IS = "\b\n"  # before a paragraph of which click keeps the lines
LEAST_WIDTH = 10


class WideLines(click.HelpFormatter):
    """Help in a language that has wide characters and no spaces between its words."""

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        self.write(f"{'':>{self.current_indent}}{heading}\N{FULLWIDTH COLON}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        super().write_text(_broken(text, self.width - self.current_indent))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write what is explained beside its explanation."""
        listed = list(rows)
        first = min(max((len(term) for term, _ in listed), default=0), col_max) + col_spacing
        width = max(self.width - first - 2, LEAST_WIDTH)
        super().write_dl(
            [(term, text and _broken(text, width)) for term, text in listed], col_max, col_spacing
        )


class HelpInLanguage(click.Command):
    """A command with its help in the language of the user."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what was typed; what is missing is told in a whole sentence of the language."""
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            if language() == "en" or error.param is None:
                raise
            raise click.UsageError(_missing(error.param, ctx), ctx) from error

    def get_help(self, ctx: click.Context) -> str:
        """Return the help of the command."""
        if language() == "en":
            return super().get_help(ctx)
        formatter = WideLines(width=ctx.terminal_width, max_width=ctx.max_content_width)
        translated(self).format_help(ctx, formatter)
        return formatter.getvalue().rstrip("\n")


class WholeLines(HelpInLanguage, click.Group):
    """Commands of which the help says in a whole sentence what each does."""

    command_class = HelpInLanguage
    sections: Mapping[str, Sequence[str]] = MappingProxyType({})  # else in one

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does, never cut, under the headings of its section."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        widest = max(map(len, commands))
        for title, names in (self.sections or {"Commands": list(commands)}).items():
            with formatter.section(_(title)):
                rows = [(name.ljust(widest), first_sentence(commands[name])) for name in names]
                formatter.write_dl(rows)


def _missing(parameter: click.Parameter, ctx: click.Context) -> str:
    is_option = isinstance(parameter, click.Option)
    text = _("Missing option {name}.") if is_option else _("Missing argument {name}.")
    choices = parameter.type.get_missing_message(parameter, ctx)
    return " ".join(filter(None, (text.format(name=parameter.get_error_hint(ctx)), choices)))


def first_sentence(command: click.Command | None) -> str:
    """Return what a command does, as its help begins."""
    text, *_rest = paragraphs((command and command.help) or "")
    return _(text).partition(". ")[0].partition("。")[0].removesuffix(".")


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help as they stand in a catalogue."""
    for each in cleandoc(text).split("\n\n"):
        yield each if each.startswith(AS_IT_IS) else " ".join(each.split())


def translated(command: C) -> C:
    """Return a command like this one, with its help and that of its options translated."""
    own = copy(command)
    own.help = "\n\n".join(map(_, paragraphs(command.help or "")))
    own.params = [_translated_option(each) for each in command.params]
    own._help_option = None  # noqa: SLF001 - else it stays in the language in which it was made
    return own


def _translated_option(parameter: click.Parameter) -> click.Parameter:
    text = getattr(parameter, "help", None)
    if not isinstance(parameter, click.Option) or not text:
        return parameter
    own = copy(parameter)
    own.help = _(text)
    return own


def _broken(text: str, width: int) -> str:
    """Return paragraphs in lines that click leaves as they are."""
    return "\n\n".join(
        each if each.startswith(AS_IT_IS) else AS_IT_IS + "\n".join(lines_of(each, width))
        for each in text.split("\n\n")
    )
