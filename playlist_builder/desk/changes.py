"""What a change did to a session, and how a candidate differs, as sentences for the page. Pure."""

from collections.abc import Iterator

from playlist_builder import Candidate, Difference, PinChange, Slot, StandsOut, Trait
from playlist_builder.desk.words import Words
from playlist_builder.language.notices import is_budget
from playlist_builder.language.text import clock
from playlist_builder.language.translation import Phrase

A_LITTLE, MUCH = 0.12, 0.3  # differences of energy and tension, in 0..1
MOST = 3  # tracks that are told by name; more are counted


def sentences(changed: Difference, words: Words) -> list[str]:
    """Return what changed, in the order in which it matters."""
    return list(_sentences(changed, words)) or [
        words.told(Phrase("the same tracks at the same times"))
    ]


def _sentences(changed: Difference, words: Words) -> Iterator[str]:
    came, went = ([each.slot for each in own] for own in (changed.came, changed.went))
    if came:
        yield words.told(Phrase("In: {titles}", titles=_titles(came, words)))
    if went:
        yield words.told(Phrase("Out: {titles}", titles=_titles(went, words)))
    for each in [own for own in changed.moved if own.before != own.after][:MOST]:
        yield words.told(
            Phrase(
                "'{title}' is number {after}, it was number {before}",
                title=_title(each.slot),
                after=each.after,
                before=each.before,
            )
        )
    if changed.shifted and not (came or went or changed.moved):  # else it goes without saying
        yield words.ngettext(
            "{count} track starts at another time",
            "{count} tracks start at another time",
            changed.shifted,
        ).format(count=changed.shifted)
    if changed.lengths_s is not None:
        before, after = map(clock, changed.lengths_s)
        told = Phrase("the session lasts {after}, not {before}", after=after, before=before)
        yield words.told(told)
    yield from (words.told(_pin(each)) for each in changed.pins)
    for message, notices in (
        (Phrase("gives way now: {text}"), changed.relaxed),
        (Phrase("gives way no longer: {text}"), changed.restored),
        (Phrase("new note: {text}"), [each for each in changed.warnings if not is_budget(each)]),
    ):
        for each_told in notices:
            yield words.told(Phrase(message.message, text=each_told))


def _titles(slots: list[Slot], words: Words) -> str:
    named = words.told(Phrase(", ")).join(_title(slot) for slot in slots[:MOST])
    if len(slots) <= MOST:
        return named
    others = len(slots) - MOST
    return words.told(Phrase("{titles} and {count} more", titles=named, count=others))


def _title(slot: Slot) -> str:
    return slot.title or slot.path


def _pin(pin: PinChange) -> Phrase:
    title = _title(pin.slot)
    if pin.kind == "unpinned":
        return Phrase("'{title}' is pinned no longer", title=title)
    at = clock(pin.slot.start_s)
    if pin.kind == "pinned" or pin.before_s is None:
        return Phrase("'{title}' is pinned: it starts at {at}", title=title, at=at)
    return Phrase(
        "'{title}' is pinned, and moves with the plan: it starts at {at}, not at {before}",
        title=title,
        at=at,
        before=clock(pin.before_s),
    )


def of_candidate(candidate: Candidate, words: Words) -> tuple[list[str], list[str]]:
    """Return how a candidate differs from what plays there now, and for what it stands out."""
    join = {"near": Phrase("near in style"), "far": Phrase("of another style")}.get(candidate.join)
    reasons = {each.why for each in candidate.stands_out}
    differs = [words.told(_trait(each)) for each in candidate.traits]
    if join is not None and "style" not in reasons:
        differs.append(words.told(join))
    stands_out = [words.told(_standing_out(each)) for each in candidate.stands_out]
    stands_out += [words.told(Phrase("gives way: {text}", text=each)) for each in candidate.relaxed]
    return differs or [words.told(Phrase("much the same"))], stands_out


_SAME = {
    "softer": Phrase("quieter by {by:.0f} LU"),
    "louder": Phrase("louder by {by:.0f} LU"),
    "darker": Phrase("darker"),
    "brighter": Phrase("brighter"),
}
_DEGREES = {word: (phrase, phrase, phrase) for word, phrase in _SAME.items()} | {
    "calmer": (Phrase("a little calmer"), Phrase("calmer"), Phrase("much calmer")),
    "livelier": (Phrase("a little livelier"), Phrase("livelier"), Phrase("much livelier")),
    "gentler": (Phrase("a little less tense"), Phrase("less tense"), Phrase("much less tense")),
    "tenser": (Phrase("a little more tense"), Phrase("more tense"), Phrase("much more tense")),
}
_STANDING_OUT = {
    "off_plan": Phrase("{amount:.2f} from the plan"),
    "tense": Phrase("tension {amount:.2f} above the plan"),
    "rise": Phrase("the loudness rises {amount:.0f} LU at a join"),
    "style": Phrase("the style changes at a join"),
    "voice": Phrase("it may hold a voice"),
    "rule": Phrase("a rule of the session gives way"),
}


def _trait(trait: Trait) -> Phrase:
    """Return a trait in words, where it differs a little, plainly or much."""
    a_little, plain, much = _DEGREES[trait.word]
    found = a_little if trait.by < A_LITTLE else much if trait.by > MUCH else plain
    return Phrase(found.message, by=trait.by)


def _standing_out(reason: StandsOut) -> Phrase:
    return Phrase(_STANDING_OUT[reason.why].message, amount=reason.amount)
