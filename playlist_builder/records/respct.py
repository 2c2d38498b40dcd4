"""What a trial should report of the music of a run, by the ReSPCT guidelines. Pure.

The items that concern music are 6 (sensory reduction, such as headphones), 11 (music or
soundscapes), 13 (the participant's autonomy and control), 14 (here: length of the session) and 17
(disturbances) of: Pronovost-Morgan C, Greenway KT, Roseman L and the ReSPCT experts, An
international Delphi consensus for reporting of setting in psychedelic clinical trials, Nature
Medicine 2025, doi 10.1038/s41591-025-03685-9. Their names are those of the guidelines; the fields
below each are ours. What no program can know is what `About` holds, empty where nobody said it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from playlist_builder.records.events import Begun, Deviation, Replanned
from playlist_builder.records.heard import Heard
from playlist_builder.records.record import Record

ITEMS: Mapping[int, str] = {
    6: "Sensory reduction",
    11: "Music or soundscapes",
    13: "Participant autonomy, control, and agency",
    14: "Dosing regimen",
    17: "Potential disturbances or interruptions",
}


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """A field under an item of the guidelines, and its value as text; empty where not known.

    Seconds are in fields that end in `_s`. Where the value counts words, `counts` holds them.
    `is_asked` says that people have to say it: a field of `About`.
    """

    item: int
    field: str
    value: str
    is_asked: bool = False
    counts: tuple[tuple[str, int], ...] = ()


def reported_items(record: Record, found: Heard) -> list[ReportedItem]:
    """Return the fields of the guidelines for a run, in order of the items."""
    fields = [*_asked(record), *_known(record, found)]
    return sorted(fields, key=lambda each: each.item)


def _asked(record: Record) -> Iterator[ReportedItem]:
    about = record.about
    for item, field, value in (
        (6, "equipment", about.equipment),
        (11, "chosen_by", about.chosen_by),
        (11, "rationale", about.rationale),
        (11, "style", about.style),
        (11, "familiarity", about.familiarity),
        (11, "volume", about.volume),
        (13, "participant_choice", about.participant_choice),
        (13, "participant_control", about.participant_control),
        (17, "disturbances", about.disturbances),
    ):
        yield ReportedItem(item, field, value, is_asked=True)


def _known(record: Record, found: Heard) -> Iterator[ReportedItem]:
    run, plan = record.run, record.plan
    voices = Counter(
        str(slot.vocals)
        for track in {each.track for each in found.tracks}
        for slot in (*plan.slots, *plan.tail)
        if slot.identity == track
    )
    players = dict.fromkeys(
        each.what.player for each in record.events if isinstance(each.what, Begun)
    )
    gains = [gain for each in found.tracks for gain in (each.low_db, each.high_db)]
    pressed = Counter(
        each.event.what.button  # type: ignore[union-attr]
        for each in found.presses
        if not each.is_taken_back
    )
    changes = sum(isinstance(each.what, Replanned) for each in record.events)
    deviations = sum(isinstance(each.what, Deviation) for each in record.events)
    yield from (
        ReportedItem(11, "live_or_recorded", "recorded"),
        ReportedItem(11, "planned_curve", plan.profile),
        ReportedItem(11, "tracks_heard", str(len(found.tracks))),
        ReportedItem(11, "tracks_skipped", str(sum(each.is_skipped for each in found.tracks))),
        ReportedItem(11, "music_s", _number(found.music_s)),
        ReportedItem(11, "silence_s", _number(found.silent_s)),
        _counted(11, "voices", voices),
        ReportedItem(11, "player", ", ".join(players)),
        ReportedItem(11, "lowest_gain_db", _number(min(gains)) if gains else ""),
        ReportedItem(11, "highest_gain_db", _number(max(gains)) if gains else ""),
        ReportedItem(11, "changes_during_session", str(changes)),
        _counted(11, "buttons_pressed", pressed),
        ReportedItem(14, "planned_length_s", _number(run.target_s)),
        ReportedItem(14, "begun_at", run.begun_at),
        ReportedItem(14, "ended_at", run.ended_at),
        ReportedItem(14, "length_s", _number(found.length_s)),
        ReportedItem(17, "interruptions", str(len(found.gaps))),
        ReportedItem(17, "interrupted_s", _number(found.stalled_s)),
        ReportedItem(17, "deviations", str(deviations)),
    )


def _number(value: float) -> str:
    return f"{value:.1f}"


def _counted(item: int, field: str, words: Counter[str]) -> ReportedItem:
    counts = tuple(sorted(words.items()))
    return ReportedItem(
        item, field, ", ".join(f"{word} {count}" for word, count in counts), counts=counts
    )
