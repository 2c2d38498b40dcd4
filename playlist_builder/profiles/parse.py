"""The TOML text of a profile to a checked `Profile`.

Nothing is guessed: an unknown key, a gap between phases or a level outside 0..1 is a ProfileError
that names the key and what belongs there. To add a key, add it to `_RULES` or `_PHASE_FIELDS` and
to the example here. No file is opened.

The file's name, without `.toml`, is the name of the profile:

    title = "Short evening"                     # required, as are minutes and phases
    summary = "Comes to rest and stays there."
    minutes = 45                                # of the whole session, without the tail
    sources = ["Who said so, where, when."]     # numbered from 1

    [rules]                                     # each key may be left out; these are the defaults
    artist_max = 3                              # most tracks of one artist in a session
    artist_gap = 1                              # other tracks between two of one artist
    track_minutes = [2, 15]                     # shortest and longest track
    loudness_step_lu = 3                        # largest rise in loudness between neighbours
    loudness_arc_lu = 4                         # by which the peak is louder, where gains are ours
    cohesion = 0.08                             # price of a step in style; 0 lets any sound follow
    vocals = "exclude"                          # or "strict", "allow-wordless", "allow"
    tail_percent = 25                           # calm music after the end: this share of the
    tail_minutes = 15                           # session, and at least this long
    crossfade_seconds = [2, 8]                  # in a recording: of lively, of calm neighbours
    keep_endings = false                        # true: none where a track ends hard
    include = ["genre:ambient,classical"]       # tag queries (see `queries`), none by default:
    exclude = ['artist:"Hans Zimmer"']          # only these tracks, never these,
    prefer = ["language:zxx"]                   # rather these

    [[phases]]                                  # in order, from 0 to the end, without gaps
    name = "ease"
    minutes = [0, 30]                           # from, to; or percent = [0, 70] in every phase
    level = [0.30, 0.12]                        # a ramp; or one number, such as 0.30
    wave = { depth = 0.05, minutes = 10 }       # a sine on top of the level; or percent = 20,
                                                # the period as a share of the session
    fixed = true                                # keeps its length when the session is scaled
    max_startle_lu = 12                         # limits for the tracks that play in this phase
    max_brightness_hz = 3000                    # spectral centroid
    max_percussiveness = 0.5
    max_stroke_rate_hz = 2                      # strokes of drums, where a track has most of them
    max_pulse_clarity = 0.9                     # of its clearest beat, from 0 to 1
    max_silence_s = 15                          # in a track or at its edges; 15 where not given
    max_peak = 0.5                              # most energy of a moment; if calm, level + 0.3
    max_tension = 0.6                           # from 0 to 1; a track may be of unknown tension
    tension = [0, 0.35]                         # rather tracks of this tension
    moving = true                               # rather moving tracks: tender, sad, solemn
    crossfade_seconds = 10                      # into the tracks of this phase; or two, as in rules
    silence = "2m"                              # planned: its last 2 minutes, between two tracks
    basis = "design judgement"                  # where the values come from

    [[phases]]
    name = "rest"
    minutes = [30, 45]
    level = 0.10

A level is a planned energy from 0 to 1; level and wave together must stay in that range.
Errors count phases from 1, as a reader does.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from playlist_builder.errors import ProfileError
from playlist_builder.language.translation import Phrase
from playlist_builder.profiles import values
from playlist_builder.profiles.profile import (
    MAX_MINUTES,
    MIN_PHASE_S,
    Phase,
    Profile,
    Rules,
)

MAX_PHASES = 40
MAX_BYTES = 32_768  # ten times the longest shipped file; tomllib takes cubic time at its worst
MAX_LU = 100.0
MAX_HZ = 96_000.0
MAX_STROKES_HZ = 100.0
MAX_SILENCE_S = 36_000.0
MAX_DEPTH = 0.5  # a wave this deep swings over the whole scale
MAX_CROSSFADE_S = 60.0
MIN_PERIOD = 0.1  # minutes or percent

_PROFILE_KEYS = ("title", "summary", "minutes", "sources", "rules", "phases")


def parse(data: bytes, *, name: str) -> Profile:
    """Return the profile that the bytes of a TOML file describe.

    Raises ProfileError with one line about the first thing that is wrong, without the file.
    """
    keys = values.table(_toml(data), "", _PROFILE_KEYS)
    minutes = values.number(keys.get("minutes"), "minutes", 1.0, MAX_MINUTES)
    phases = _phases(keys.get("phases"), minutes)
    return Profile(
        name=values.text(name, Phrase("the file's name"), values.MAX_NAME),
        title=values.text(keys.get("title"), "title"),
        summary=values.text(keys.get("summary", ""), "summary", least=0),
        duration_s=phases[-1].end_s,
        phases=phases,
        rules=_rules(keys.get("rules", {})),
        sources=values.texts(values.text, keys.get("sources", []), "sources"),
    )


def _toml(data: bytes) -> object:
    if len(data) > MAX_BYTES:
        raise ProfileError(
            "larger than {MAX_BYTES} KB, which no profile is.", MAX_BYTES=MAX_BYTES // 1024
        )
    try:
        text = data.decode("utf-8-sig")  # some editors begin a file with a byte order mark
        if any(line.count(".") > values.MAX_TEXT for line in text.splitlines()):
            # tomllib holds every part of a dotted key with all parts before it: a GB for 16,000.
            raise ProfileError("nested too deeply for a profile.")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ProfileError(
            "not UTF-8 at byte {start}; save the file as UTF-8.", start=error.start
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ProfileError("not TOML: {error}.", error=str(error)[: values.MAX_TEXT]) from error
    except ValueError as error:  # Python limits the digits of an integer
        raise ProfileError("not TOML: a number has too many digits.") from error
    except RecursionError as error:
        raise ProfileError("nested too deeply for a profile.") from error
    if not text.strip():
        raise ProfileError("the file is empty; expected title, minutes and [[phases]].")
    return document


def _rules(value: object) -> Rules:
    keys = values.table(value, "rules", _RULES)
    fields: dict[str, Any] = {
        _RULES[key][0]: _RULES[key][1](given, f"rules.{key}") for key, given in keys.items()
    }
    if "track_s" in fields:
        fields["track_min_s"], fields["track_max_s"] = fields.pop("track_s")
    return Rules(**fields)


def _phases(value: object, minutes: float) -> tuple[Phase, ...]:
    """Return the phases, which must follow each other from 0 to the end in one unit of time."""
    tables = values.items(value, "phases")
    if not 1 <= len(tables) <= MAX_PHASES:
        raise values.wrong(
            "phases", Phrase("1 to {most} tables [[phases]]", most=MAX_PHASES), value
        )
    first = tables[0]
    unit = "percent" if isinstance(first, dict) and "percent" in first else "minutes"
    whole = 100.0 if unit == "percent" else minutes
    phases: list[Phase] = []
    border = 0.0
    for number, table in enumerate(tables, start=1):
        phase, start, end = _phase(table, f"phases[{number}]", unit, whole, minutes)
        where = f"phases[{number}].{unit} ({phase.name})"
        if start != border:
            after = Phrase(", where '{phase}' ends", phase=phases[-1].name) if phases else ""
            raise ProfileError(
                "{where}: expected a start at {border:g}{after}, not {start:g}.",
                where=where,
                border=border,
                after=after,
                start=start,
            )
        if phase.name in (each.name for each in phases):
            raise ProfileError(
                "phases[{number}].name: expected a name of its own, not another '{name}'.",
                number=number,
                name=phase.name,
            )
        phases.append(phase)
        border = end
    if border != whole:
        raise ProfileError(
            "{where}: expected an end at {whole:g}, the end of the session, not {border:g}.",
            where=where,
            whole=whole,
            border=border,
        )
    return tuple(phases)


def _phase(
    value: object, at: str, unit: str, whole: float, minutes: float
) -> tuple[Phase, float, float]:
    """Return a phase, with its start and end in the unit of the file."""
    known = ("name", "minutes", "percent", "level", "wave", "silence", *_PHASE_FIELDS)
    keys = values.table(value, at, known)
    name = values.text(keys.get("name"), f"{at}.name", values.MAX_NAME)
    if "=" in name:  # the command line says NAME=LEVEL
        raise values.wrong(f"{at}.name", Phrase("a name without '='"), name)

    def where(key: str) -> str:
        return f"{at}.{key} ({name})"

    other = "minutes" if unit == "percent" else "percent"
    if other in keys:
        raise ProfileError(
            "{other}: expected {unit}, as in the first phase.", other=where(other), unit=unit
        )
    start, end = values.span(
        keys.get(unit), where(unit), whole, MIN_PHASE_S / 60.0 * whole / minutes
    )
    silence_s = values.length(keys.get("silence", "0s"), where("silence"))
    lasts_s = (end - start) * minutes * 60.0 / whole
    if silence_s > lasts_s - MIN_PHASE_S:
        raise ProfileError(
            "{where}: expected less than the {lasts_s:g} minutes that the phase lasts, as"
            " its music comes before it, not {silence_s:g}.",
            where=where("silence"),
            lasts_s=lasts_s / 60.0,
            silence_s=silence_s / 60.0,
        )
    levels = values.one_or_two(keys.get("level"), where("level"), 1.0, Phrase("two for a ramp"))
    depth, period = _wave(keys.get("wave"), where("wave"), minutes)
    low, high = min(levels) - depth, max(levels) + depth
    if low < 0.0 or high > 1.0:
        raise ProfileError(
            "{where}: expected level and wave within 0 to 1, not {low:g} to {high:g}.",
            where=where("wave"),
            low=low,
            high=high,
        )
    fields: dict[str, Any] = {
        field: read(keys[key], where(key))
        for key, (field, read) in _PHASE_FIELDS.items()
        if key in keys
    }
    phase = Phase(
        name=name,
        start_s=start * minutes * 60.0 / whole,
        end_s=end * minutes * 60.0 / whole,
        level_start=levels[0],
        level_end=levels[1],
        wave_depth=depth,
        wave_period_s=period * 60.0,
        silence_s=silence_s,
        **fields,
    )
    return phase, start, end


def _wave(value: object, where: str, minutes: float) -> tuple[float, float]:
    """Return depth and period in minutes; without a wave both are 0."""
    if value is None:
        return 0.0, 0.0
    keys = values.table(value, where, ("depth", "minutes", "percent"))
    depth = values.number(keys.get("depth"), f"{where}.depth", 0.0, MAX_DEPTH)
    if ("minutes" in keys) == ("percent" in keys):
        raise ProfileError("{where}: expected a period as either minutes or percent.", where=where)
    if "minutes" in keys:
        return depth, values.number(keys["minutes"], f"{where}.minutes", MIN_PERIOD, MAX_MINUTES)
    share = values.number(keys["percent"], f"{where}.percent", MIN_PERIOD, 100.0)
    return depth, share / 100.0 * minutes


# Readers: from the value of a key, and where it stands, to what a field of the profile takes.


_Readers = Mapping[str, tuple[str, Callable[[Any, str], object]]]
_crossfade = partial(values.one_or_two, high=MAX_CROSSFADE_S)
_max_lu = partial(values.number, low=0.0, high=MAX_LU)
_share = partial(values.number, low=0.0, high=1.0)
_strokes = partial(values.number, low=0.0, high=MAX_STROKES_HZ)
_queries = partial(values.texts, values.query)


def _track_minutes(value: object, where: str) -> tuple[float, float]:
    shortest, longest = values.span(value, where, MAX_MINUTES, 0.0)
    return shortest * 60.0, longest * 60.0


def _percent(value: object, where: str) -> float:
    return values.number(value, where, 0.0, 100.0) / 100.0


_RULES: _Readers = {  # key of [rules] to the field of `Rules` and its reader
    "artist_max": ("artist_max", partial(values.count, low=1)),
    "artist_gap": ("artist_gap", partial(values.count, low=0)),
    "track_minutes": ("track_s", _track_minutes),
    "loudness_step_lu": ("loudness_step_lu", _max_lu),
    "loudness_arc_lu": ("loudness_arc_lu", _max_lu),
    "cohesion": ("cohesion", _share),
    "vocals": ("vocals", values.vocals),
    "tail_percent": ("tail_share", _percent),
    "tail_minutes": ("tail_min_s", partial(values.number, low=0.0, high=MAX_MINUTES, unit=60.0)),
    "crossfade_seconds": ("crossfade_s", _crossfade),
    "keep_endings": ("keep_endings", values.flag),
    "include": ("include", _queries),
    "exclude": ("exclude", _queries),
    "prefer": ("prefer", _queries),
}

_PHASE_FIELDS: _Readers = {  # optional key of a phase to the field of `Phase` and its reader
    "fixed": ("fixed", values.flag),
    "max_startle_lu": ("max_startle_lu", _max_lu),
    "max_brightness_hz": ("max_brightness_hz", partial(values.number, low=0.0, high=MAX_HZ)),
    "max_percussiveness": ("max_percussiveness", _share),
    "max_stroke_rate_hz": (
        "max_stroke_rate_hz",
        partial(values.number, low=0.0, high=MAX_STROKES_HZ),
    ),
    "max_pulse_clarity": ("max_pulse_clarity", _share),
    "max_silence_s": ("max_silence_s", partial(values.number, low=0.0, high=MAX_SILENCE_S)),
    "max_peak": ("max_peak", _share),
    "max_tension": ("max_tension", _share),
    "tension": ("tension", values.between),
    "moving": ("moving", values.flag),
    "crossfade_seconds": ("crossfade_s", _crossfade),
    "basis": ("basis", partial(values.text, least=0)),
}
