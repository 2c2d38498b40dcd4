"""A `Profile` as the TOML text that `parse` reads, so that a session can keep it."""

import json
from collections.abc import Iterator
from dataclasses import fields

from playlist_builder.errors import ProfileError
from playlist_builder.profiles.parse import parse
from playlist_builder.profiles.profile import Phase, Profile, Rules

Value = str | float | bool | tuple[str, ...] | tuple[float, float]

_OPTIONAL = (
    *("max_startle_lu", "max_brightness_hz", "max_percussiveness", "max_stroke_rate_hz"),
    *("max_pulse_clarity", "max_silence_s", "max_peak", "max_tension", "tension"),
)  # keys of a phase that are named as its fields


def to_toml(profile: Profile) -> str | None:
    """Return the text of a profile; None where no file can describe it.

    That is so where it was changed to what `parse` refuses, such as two phases of one name.
    """
    parts = [_table(_head(profile)), "[rules]", _table(_rules(profile.rules))]
    for phase in profile.phases:
        parts += ["[[phases]]", _table(_phase(phase))]
    text = "\n".join(parts)
    try:
        read = parse(text.encode("utf-8", "replace"), name=profile.name)
    except ProfileError:
        return None
    return text if len(read.phases) == len(profile.phases) else None


def _head(profile: Profile) -> Iterator[tuple[str, Value]]:
    yield "title", profile.title
    yield "summary", profile.summary
    yield "minutes", profile.duration_s / 60.0
    yield "sources", profile.sources


def _rules(rules: Rules) -> Iterator[tuple[str, Value]]:
    for field in fields(rules):
        value = getattr(rules, field.name)
        match field.name:
            case "track_min_s":
                yield "track_minutes", (value / 60.0, rules.track_max_s / 60.0)
            case "tail_share":
                yield "tail_percent", 100.0 * value
            case "tail_min_s":
                yield "tail_minutes", value / 60.0
            case "crossfade_s":
                yield "crossfade_seconds", value
            case "track_max_s":
                pass
            case name:
                yield name, value


def _phase(phase: Phase) -> Iterator[tuple[str, Value]]:
    yield "name", phase.name
    yield "minutes", (phase.start_s / 60.0, phase.end_s / 60.0)
    yield "level", (phase.level_start, phase.level_end)
    if phase.wave_depth:
        yield "wave.depth", phase.wave_depth
        yield "wave.minutes", phase.wave_period_s / 60.0
    yield "fixed", phase.fixed
    yield "moving", phase.moving
    yield "basis", phase.basis
    yield from ((key, getattr(phase, key)) for key in _OPTIONAL if getattr(phase, key) is not None)
    if phase.silence_s:
        yield "silence", f"{phase.silence_s:.3f}s"
    if phase.crossfade_s is not None:
        yield "crossfade_seconds", phase.crossfade_s


def _table(values: Iterator[tuple[str, Value]]) -> str:
    return "".join(f"{key} = {_text(value)}\n" for key, value in values)


def _text(value: Value) -> str:
    """Return a value as TOML, whose strings and numbers are those of JSON."""
    return json.dumps(value, ensure_ascii=False)
