"""Commands about what was heard while sessions played: records, record."""

from collections.abc import Sequence
from dataclasses import fields, replace

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, language
from playlist_builder.cli.library import open_library, protect_music
from playlist_builder.cli.main import main
from playlist_builder.report.language import LANGUAGES


@main.command()
@click.option("--for", "person", metavar="NAME", help="Those for NAME alone.")
@options.common_options
def records(person: str | None, library: str | None, *, as_json: bool) -> None:
    """List the records of sessions that were run: number, day, session, profile, how long.

    The desk writes a record while a session plays: what was heard, second by second, and every
    button and note. In the history, the tracks that were heard count instead of those of the plan.
    """
    from playlist_builder.report.record_text import records_lines

    with open_library(library) as opened:
        listed = opened.records.all(person=person)
        numbers = {each.id: each.number for each in opened.sessions.all()}
    if as_json:
        output.print_json(listed)
    elif listed:
        own = LANGUAGES[language()]
        output.print_lines(records_lines(listed, numbers, width=output.width(), language=own))
    else:
        output.print_message(_("There is no record yet: no session was run with the desk."))


@main.command()
@click.argument("number", type=click.IntRange(1), required=False)
@options.outputs_option(
    "Write the record as a page (.html), or for studies as a table (.csv) or document (.json), with"
    " the items of the ReSPCT guidelines that concern music; - is the page on standard output."
)
@click.option(
    "--set",
    "said",
    metavar="FIELD=TEXT",
    multiple=True,
    help="Say what no program knows, such as equipment='closed headphones'; may be repeated."
    " Fields: chosen_by, rationale, style, familiarity, volume, equipment, participant_choice,"
    " participant_control, disturbances.",
)
@click.option(
    "--language",
    "page_language",
    type=click.Choice(list(LANGUAGES)),
    help="Language of the page; your own if not given.",
)
@click.option("--forget", is_flag=True, help="Forget this record for ever, and its backup.")
@click.option("--yes", is_flag=True, help="With --forget: do not ask.")
@options.common_options
def record(
    number: int | None,
    outputs: Sequence[str],
    said: Sequence[str],
    page_language: str | None,
    library: str | None,
    *,
    forget: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Show what was planned and heard in record NUMBER, the last one if not given."""
    if yes and not forget:
        raise click.UsageError(_("--yes goes with --forget."))
    if forget and number is None:
        raise click.UsageError(_("Forget which? Give 'record NUMBER --forget'."))
    with open_library(library) as opened:
        kept = opened.records
        run = kept.latest() if number is None else kept.by_number(number)
        if forget:
            _forget(kept, run, ask=not yes)
            return
        if said:  # before anything is written
            kept.describe(run.id, _described(kept.read(run.id).about, said))
        found = kept.read(run.id)
    if outputs:
        protect_music(outputs, library)
        _write(found, outputs, page_language or language())
    elif as_json:
        from playlist_builder.records.export import record_document

        output.print_json(record_document(found))
    elif not said:
        from playlist_builder.report.record_text import record_text

        own = LANGUAGES[language()]
        output.print_drawing(record_text(found, **output.chart_style(), language=own))


def _forget(kept: "api.Records", run: "api.Run", *, ask: bool) -> None:
    if ask:
        question = _("Forget record {number} of {day} for ever?")
        output.confirm_forgetting(question.format(number=run.number, day=run.begun_at[:10]))
    kept.remove([run.id])
    output.print_message(_("Record {number} is kept no longer.").format(number=run.number))


def _described(about: "api.About", said: Sequence[str]) -> "api.About":
    """Return what is known of a run with more that somebody says."""
    names = [each.name for each in fields(about)]
    for each in said:
        name, is_given, text = each.partition("=")
        if not is_given or name.strip() not in names:
            raise click.UsageError(
                _(
                    "{word!r} is no field with its text. Give FIELD=TEXT, with one of {names}."
                ).format(word=each, names=", ".join(names))
            )
        about = replace(about, **{name.strip(): text.strip()})
    return about


def _write(found: "api.Record", outputs: Sequence[str], page_language: str) -> None:
    from playlist_builder.report import record_write

    suffixes = [".html" if file == "-" else record_write.format_of(file) for file in outputs]
    contents = [
        (file, record_write.rendered_record(found, suffix, language=page_language))
        for file, suffix in zip(outputs, suffixes, strict=True)
    ]
    output.write_files(contents)
