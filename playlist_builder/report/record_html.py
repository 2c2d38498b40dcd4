"""A record as one page of HTML: what was planned and what was heard, to read and to print.

Pure: a record goes in, text comes out; the HTML is in `templates/record.html`, the style that of
the page of a session. By its policy the browser loads nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial

from playlist_builder import checked
from playlist_builder.language.notices import TEXT, notice
from playlist_builder.language.text import shortened
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session, Slot
from playlist_builder.records.heard import Heard, heard
from playlist_builder.records.record import Record
from playlist_builder.records.respct import ReportedItem, reported_items
from playlist_builder.report import happenings, svg
from playlist_builder.report.concerns import Concern
from playlist_builder.report.happenings import Happening, button
from playlist_builder.report.heard_session import heard_session, labels, left, title_of
from playlist_builder.report.labels import title_of as title_of_session
from playlist_builder.report.language import Language, language_of, number
from playlist_builder.report.plot import Comparison
from playlist_builder.report.templating import (
    TEMPLATES,
    WIDTHS_PX,
    foot_style,
    policy_hash,
    resource,
)

UNMARKED = {"state", "end"}  # kinds of what happened that the chart does not show

ITEM_NAMES: Mapping[int, Phrase] = {
    6: Phrase("Sensory reduction"),
    11: Phrase("Music or soundscapes"),
    13: Phrase("Participant autonomy, control, and agency"),
    14: Phrase("Dosing regimen"),
    17: Phrase("Potential disturbances or interruptions"),
}
FIELDS: Mapping[str, Phrase] = {
    "equipment": Phrase("Headphones or loudspeakers"),
    "chosen_by": Phrase("Who chose the music"),
    "rationale": Phrase("Why this music"),
    "style": Phrase("Style"),
    "familiarity": Phrase("How familiar it was"),
    "volume": Phrase("How the volume was set"),
    "participant_choice": Phrase("What the person chose"),
    "participant_control": Phrase("What the person could change"),
    "disturbances": Phrase("Disturbances"),
    "live_or_recorded": Phrase("Live or recorded"),
    "planned_curve": Phrase("Planned curve"),
    "tracks_heard": Phrase("Tracks that were heard"),
    "tracks_skipped": Phrase("Tracks that were left before their end"),
    "music_s": Phrase("Music"),
    "silence_s": Phrase("Silence"),
    "voices": Phrase("Voices"),
    "player": Phrase("Player"),
    "lowest_gain_db": Phrase("Lowest gain in dB, with fades"),
    "highest_gain_db": Phrase("Highest gain in dB"),
    "changes_during_session": Phrase("Changes of the plan during the session"),
    "buttons_pressed": Phrase("Buttons that were pressed"),
    "planned_length_s": Phrase("Planned length"),
    "begun_at": Phrase("Beginning"),
    "ended_at": Phrase("End"),
    "length_s": Phrase("Length"),
    "interruptions": Phrase("Interruptions of the music"),
    "interrupted_s": Phrase("Length of the interruptions"),
    "deviations": Phrase("Deviations from the plan"),
}


@checked.takes(record=checked.a(Record), language=checked.text)
def record_page(record: Record, *, language: str = "en") -> str:
    """Return the page of a record as HTML, which loads nothing.

    `language` is one of `language.LANGUAGES`; raises `ReportError` for another one.
    """
    return _page(record, language_of(language))


def _page(record: Record, language: Language) -> str:
    found = heard(record)
    played = heard_session(record, found)
    told = happenings.happenings(record.events, found, language)
    title = title_of_session(record.plan, language)
    name = language.gettext("Record {number}").format(number=record.run.number)
    day = language.day(date.fromisoformat(record.run.begun_at[:10]))
    fonts = f"body {{ font-family: {svg.families(language)}; }}"
    style = fonts + svg.STYLE + resource("page.css") + resource("record.css")
    style += foot_style(shortened(title), name, day)
    return TEMPLATES.get_template("record.html").render(
        record=record,
        heard=found,
        tracks=[
            (track, title_of(track, language), left(track, language)) for track in found.tracks
        ],
        planned=_planned(record.plan, found),
        told=told,
        marked=[each.kind not in UNMARKED for each in told],
        items=list(_items(record, found, language)),
        pictures=_pictures(record, found, played, told, language),
        title=title,
        name=name,
        day=day,
        minute_of=happenings.minute_of,
        language=language,
        _=language.gettext,
        ngettext=language.ngettext,
        style=style,
        style_hash=policy_hash(style),
    )


def _pictures(
    record: Record, found: Heard, played: Session, told: list[Happening], language: Language
) -> list[str]:
    marks = [
        Concern(
            notice(TEXT, text=each.text),
            each.text,
            each.is_felt,
            at_s=None if each.kind in UNMARKED else each.at_s,
        )
        for each in told
    ]
    comparison = Comparison(record.plan, labels(found, language))
    return [
        svg.inline(played, language, noted=marks, size=size, width=width, comparison=comparison)
        for size, width in WIDTHS_PX.items()
    ]


def _planned(plan: Session, found: Heard) -> Iterator[tuple[Slot, float | None]]:
    """Yield the tracks of the plan, and when each was first heard."""
    starts_s = {each.track: each.start_s for each in reversed(found.tracks)}
    return ((slot, starts_s.get(slot.identity)) for slot in plan.slots)


def _items(record: Record, found: Heard, language: Language) -> Iterator[tuple[int, str, str, str]]:
    """Yield number and name of each item of the guidelines, and what is reported under it."""
    for each in reported_items(record, found):
        name, field = language.told(ITEM_NAMES[each.item]), language.told(FIELDS[each.field])
        yield each.item, name, field, _value(each, language)


def _value(item: ReportedItem, language: Language) -> str:
    """Return the value of a field in words of a language; what people said stays as it is."""
    if item.counts:
        word_of = language.voice if item.field == "voices" else partial(button, language=language)
        return " \N{MIDDLE DOT} ".join(f"{word_of(word)}: {count}" for word, count in item.counts)
    if item.is_asked or not item.value:
        return item.value
    shown = {
        "db": lambda: number(float(item.value), 1),
        "s": lambda: language.duration(float(item.value)),
        "at": lambda: item.value[:19].replace("T", " "),
        "recorded": lambda: language.gettext("recorded"),
    }
    return shown.get(item.field.rpartition("_")[2], lambda: item.value)()
