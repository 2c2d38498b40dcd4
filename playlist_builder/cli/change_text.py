"""What a change did to a session, and what could take a place in it, in words for a terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from playlist_builder.cli.language import _, language, ngettext, told
from playlist_builder.language.text import clock
from playlist_builder.report.language import LANGUAGES

if TYPE_CHECKING:
    import playlist_builder as api
    from playlist_builder.sessions.candidates import Candidate
    from playlist_builder.sessions.compare import StandsOut, Trait
    from playlist_builder.sessions.difference import Difference, PhaseChange, PinChange
    from playlist_builder.sessions.editor import Edited

A_LITTLE, MUCH = 0.12, 0.3  # differences of energy and tension, in 0..1


def difference_lines(changed: "Difference") -> list[str]:
    """Return lines on all that changed: tracks, their times, pins, the tail, rules and notes."""
    lines = [
        f"{sign} {number}. {clock(slot.start_s)}  {slot.title or slot.path}  {slot.artist}"
        for sign, placed in (("-", changed.went), ("+", changed.came))
        for number, slot in placed
    ]
    lines += [
        f"* {each.after}. {clock(each.slot.start_s)}  {each.slot.title or each.slot.path}"
        f"  {each.slot.artist} " + _("(was number {number})").format(number=each.before)
        for each in changed.moved
    ]
    if changed.shifted:
        text = ngettext(
            "{count} track starts at another time",
            "{count} tracks start at another time",
            changed.shifted,
        )
        lines.append(text.format(count=changed.shifted))
    if changed.lengths_s is not None:
        before, after = map(clock, changed.lengths_s)
        lines.append(
            _("the session lasts {after}, not {before}").format(after=after, before=before)
        )
    lines += map(_phase_line, changed.phases)
    lines += map(_pin_line, changed.pins)
    tail = _("tail: {title}")
    lines += [
        f"{sign} {tail.format(title=_called(slot))}"
        for sign, slots in (("-", changed.tail_went), ("+", changed.tail_came))
        for slot in slots
    ]
    lines += [
        known.format(text=told(each))
        for known, notices in (
            (_("gives way now: {text}"), changed.relaxed),
            (_("gives way no longer: {text}"), changed.restored),
            (_("new note: {text}"), changed.warnings),
        )
        for each in notices
    ]
    return lines or [_("the same tracks at the same times")]


def _phase_line(changed: "PhaseChange") -> str:
    phase = LANGUAGES[language()].profile_word(changed.name)
    before, after = clock(changed.before_s), clock(changed.after_s)
    return _("the phase '{phase}' is planned to last {after}, not {before}").format(
        phase=phase, after=after, before=before
    )


def _pin_line(pin: "PinChange") -> str:
    title = pin.slot.title or pin.slot.path
    if pin.kind == "unpinned":
        return _("'{title}' is pinned no longer").format(title=title)
    at = clock(pin.slot.start_s)
    if pin.kind == "pinned" or pin.before_s is None:
        return _("'{title}' is pinned: it starts at {at}").format(title=title, at=at)
    return _(
        "'{title}' is pinned, and moves with the plan: it starts at {at}, not at {before}"
    ).format(title=title, at=at, before=clock(pin.before_s))


def candidate_lines(
    session: "api.Session", number: int, found: "Sequence[Candidate]"
) -> Iterator[str]:
    """Yield what plays as a number of a session, and two lines for each that could take its place.

    The one that is taken without a word is marked by an asterisk.
    """
    slot = session.slots[number - 1]
    about, both = _("{title}: {text}"), _("{figures}; {effect}")
    now = about.format(title=_called(slot), text=_figures(slot))
    yield f" {number}. {clock(slot.start_s)}  {now}"
    names = Counter(_called(each.slot) for each in found)
    for place, each in enumerate(found, start=1):
        name = _called(each.slot)
        path = f"  {each.slot.path}" if names[name] > 1 else ""
        words = _(", ").join(candidate_words(each)) or _("much the same")
        text = about.format(title=f"{name}{path}", text=words)
        yield f"{'*' if each.is_choice else ' '}{place:2}  {text}"
        text = both.format(figures=_figures(each.slot), effect=_effect(each))
        yield f"     {text}"


def arranged_lines(changed: "Difference", place: int) -> Iterator[str]:
    """Yield what changes where what follows is arranged again: one of the ways to choose from."""
    text = _("what follows is arranged again; new: {came}, moved: {moved}")
    yield f" {place:2}  {text.format(came=len(changed.came), moved=len(changed.moved))}"
    for line in difference_lines(changed):
        yield f"     {line}"


def candidate_words(candidate: "Candidate") -> list[str]:
    """Return in words how a candidate differs from what plays there now, what stands out last."""
    join = {"near": _("near in style"), "far": _("of another style")}.get(candidate.join)
    reasons = {each.why for each in candidate.stands_out}
    return [
        *map(_trait, candidate.traits),
        *([join] if join and "style" not in reasons else []),
        *(_("STANDS OUT: {why}").format(why=_standing_out(each)) for each in candidate.stands_out),
        *(_("gives way: {text}").format(text=told(each)) for each in candidate.relaxed),
    ]


def _trait(trait: "Trait") -> str:
    a_little, plain, much = _degrees()[trait.word]
    text = a_little if trait.by < A_LITTLE else much if trait.by > MUCH else plain
    return text.format(by=trait.by)


def _degrees() -> dict[str, tuple[str, str, str]]:
    """Return the words of a trait where it differs a little, plainly and much."""
    same = {
        "softer": _("quieter by {by:.0f} LU"),
        "louder": _("louder by {by:.0f} LU"),
        "darker": _("darker"),
        "brighter": _("brighter"),
    }
    return {word: (text, text, text) for word, text in same.items()} | {
        "calmer": (_("a little calmer"), _("calmer"), _("much calmer")),
        "livelier": (_("a little livelier"), _("livelier"), _("much livelier")),
        "gentler": (_("a little less tense"), _("less tense"), _("much less tense")),
        "tenser": (_("a little more tense"), _("more tense"), _("much more tense")),
    }


def _standing_out(reason: "StandsOut") -> str:
    return {
        "off_plan": _("{amount:.2f} from the plan"),
        "tense": _("tension {amount:.2f} above the plan"),
        "rise": _("the loudness rises {amount:.0f} LU at a join"),
        "style": _("the style changes at a join"),
        "voice": _("it may hold a voice"),
        "rule": _("a rule of the session gives way"),
    }[reason.why].format(amount=reason.amount)


def _figures(slot: "api.Slot") -> str:
    return _(
        "energy {energy:.2f} (plan {plan:.2f}), tension {tension}, {lufs:.0f} LUFS, {length}"
    ).format(
        energy=slot.energy,
        plan=slot.target,
        tension=_("unknown") if slot.tension is None else f"{slot.tension:.2f}",
        lufs=slot.loudness_lufs,
        length=clock(slot.duration_s),
    )


def _effect(candidate: "Candidate") -> str:
    return _(
        "curve {error_now:.3f} -> {error:.3f} from the plan, cost {cost_now:.4f} -> {cost:.4f}"
    ).format(
        error_now=candidate.rms_error_now,
        error=candidate.rms_error,
        cost_now=candidate.cost_now,
        cost=candidate.cost,
    )


def _called(slot: "api.Slot") -> str:
    title = slot.title or slot.path
    return f"{title}  {slot.artist}" if slot.artist else title


def arranged_document(edited: "Edited") -> dict[str, Any]:
    """Return for JSON what changes where what follows is arranged again."""
    session, changed = edited
    return {
        "rearranges": True,
        "went": [_placed(number, slot) for number, slot in changed.went],
        "came": [_placed(number, slot) for number, slot in changed.came],
        "moved": [
            _placed(each.after, each.slot) | {"was_number": each.before} for each in changed.moved
        ],
        "duration_s": session.duration_s,
        "cost": session.cost,
        "rms_error": session.rms_error,
        "gives_way": list(map(str, changed.relaxed)),
        "is_choice": False,
    }


def _placed(number: int, slot: "api.Slot") -> dict[str, Any]:
    return {"number": number, "path": slot.path, "title": slot.title, "start_s": slot.start_s}


def candidate_document(candidate: "Candidate") -> dict[str, Any]:
    """Return a candidate for JSON."""
    slot, track = candidate.slot, candidate.track
    return {
        "rearranges": False,
        "path": track.path,
        "title": track.tags.title,
        "artist": track.tags.artist,
        "duration_s": track.duration_s,
        "energy": slot.energy,
        "target": slot.target,
        "tension": slot.tension,
        "loudness_lufs": slot.loudness_lufs,
        "style": candidate.join,
        "cost": candidate.cost,
        "rms_error": candidate.rms_error,
        "cost_now": candidate.cost_now,
        "rms_error_now": candidate.rms_error_now,
        "traits": {each.word: each.by for each in candidate.traits},
        "gives_way": list(map(str, candidate.relaxed)),
        "stands_out": {each.why: each.amount for each in candidate.stands_out},
        "is_choice": candidate.is_choice,
    }
