"""The printed views of tracks: values to text. It prints nothing."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from playlist_builder.analysis import energy
from playlist_builder.language.line_breaks import cells, lines_of
from playlist_builder.language.text import clock, printable
from playlist_builder.language.translation import VOICE
from playlist_builder.library.neighbours import EnergyRank
from playlist_builder.models import (
    MIN_KEY_CONFIDENCE,
    MIN_TEMPO_CONFIDENCE,
    STEP_S,
    Features,
    Track,
)
from playlist_builder.report.chart import chart, sparkline
from playlist_builder.report.language import ENGLISH, Language
from playlist_builder.report.table import fitting, lines
from playlist_builder.tracks.track_table import VOCALS, TrackTable
from playlist_builder.vocals.evidence import EVIDENCE, VocalsVerdict

WORDS = "title", "artist", "genre"
COLUMNS = (  # from which width on
    (110, ("energy", "tension", "moving", "length", "LUFS", "BPM", "vocals", *WORDS)),
    (90, ("energy", "tension", "length", "LUFS", "BPM", "vocals", *WORDS)),
    (0, ("energy", "length", "LUFS", "BPM", "vocals", *WORDS)),
)
INDENT = 12  # of the values of one track
HANGING = 19  # of the lines that tell of a reason


def tracks_lines(
    tracks: Sequence[Track],
    similarity: Sequence[float] | None = None,
    *,
    width: int,
    language: Language = ENGLISH,
) -> Iterator[str]:
    """Yield a table of tracks, with how similar each is to another one where that was asked.

    No track of a `TrackTable` is made for it, so that a large library takes seconds.
    """
    table = TrackTable.of(tracks)
    is_sure = table.measured("tempo_confidence") >= MIN_TEMPO_CONFIDENCE
    tempos_bpm = np.where(is_sure, table.measured("tempo_bpm"), np.nan)
    tags = list(table.tags("artists", "genres"))
    banned = language.gettext("banned")
    voices = {kind: language.voice(kind) if language.code != "en" else kind for kind in VOCALS}
    vocals = zip(table.vocals.tolist(), table.banned.tolist(), strict=True)
    cells = {
        "similar": _numbers(similarity or (), 2),
        "energy": _numbers(table.energy.tolist(), 2),
        "tension": _numbers(table.tension.tolist(), 2),
        "moving": _numbers(table.moving.tolist(), 2),
        "length": [clock(length_s) for length_s in table.seconds.tolist()],
        "LUFS": _numbers(table.measured("loudness_lufs").tolist(), 1),
        "BPM": _numbers(tempos_bpm.tolist(), 0),
        "vocals": [banned if is_banned else voices[VOCALS[kind]] for kind, is_banned in vocals],
        "title": [printable(title) for title in table.titles],
        "artist": [printable(", ".join(artists)) for artists, _ in tags],
        "genre": [printable(", ".join(genres)) for _, genres in tags],
    }
    names = fitting(COLUMNS, width, has_hints=bool(np.isfinite(table.tension).any()))
    shown = names if similarity is None else ("similar", *names)
    return lines({name: cells[name] for name in shown}, width, language)


def _numbers(values: Sequence[float], places: int) -> list[str]:
    """Return numbers as cells, empty where one is not known."""
    return ["" if value != value else f"{value:.{places}f}" for value in values]  # noqa: PLR0124 - NaN


def track_text(  # noqa: PLR0913 - what there is to show
    track: Track,
    judged: VocalsVerdict,
    reasons: Sequence[energy.Contribution],
    standing: EnergyRank,
    *,
    width: int,
    ascii_only: bool = False,
    colour: bool = False,
    language: Language = ENGLISH,
) -> str:
    """Draw one track: what it is, its contour, why it has its energy, and what is like it."""
    gettext, tags = language.gettext, track.tags
    missing = "  " + gettext("[missing]") if track.missing else ""
    artist = printable(tags.artist) or gettext("no artist")
    lines = [
        gettext("{title}  ({artist})").format(title=printable(tags.title), artist=artist),
        printable(track.path) + missing,
        "",
        *_measured(track, language),
        *_voices(track, judged, language),
        *_tempo_and_key(track.features, language),
        *(_row(gettext("marked"), text) for text in _marks(track, language)),
        "",
        *_energy(track, reasons, standing, width, language),
        *_emotion(track, width, ascii_only=ascii_only, language=language),
    ]
    contour = chart(
        None,
        [float(value) for value in track.contour],
        duration_s=track.duration_s,
        phases=(),
        width=width,
        ascii_only=ascii_only,
        colour=colour,
        gettext=gettext,
    )
    return "\n".join([*lines, "", contour])


def _row(name: str, text: str) -> str:
    """Return a line of the view: what it tells, and that in its column."""
    return name + " " * max(INDENT - cells(name), 1) + text


def _folded(text: str, width: int, indent: int = INDENT) -> list[str]:
    """Return a row in lines that hang below its column."""
    first, *rest = lines_of(text, width - indent)
    return [first, *(" " * indent + line for line in rest)]


def _measured(track: Track, language: Language) -> Iterator[str]:
    gettext, features = language.gettext, track.features
    yield _row(gettext("length"), clock(track.duration_s))
    yield _row(
        gettext("loudness"),
        gettext("{loudness:.1f} LUFS, range {range:.1f} LU").format(
            loudness=features.loudness_lufs, range=features.loudness_range_lu
        ),
    )
    yield _row(gettext("sample peak"), f"{features.sample_peak_dbfs:.1f} dBFS")
    startle = gettext("{rise:.1f} LU: largest rise within one second")
    yield _row(gettext("startle"), startle.format(rise=track.startle_lu))
    if features.longest_silence_s:
        silence = gettext("{length:.0f} s from {start} on")
        start = clock(features.longest_silence_start_s)
        known = silence.format(length=features.longest_silence_s, start=start)
        yield _row(gettext("silence"), known)


def _voices(track: Track, judged: VocalsVerdict, language: Language) -> Iterator[str]:
    voices = language.voice(track.vocals) if language.code != "en" else track.vocals
    sure = _sure(voices, judged.confidence, language)
    yield _row(language.gettext("vocals"), sure)
    for each in judged.evidence:
        weight = f"{each.weight:+.1f}" if math.isfinite(each.weight) else "    "
        source = language.pgettext(EVIDENCE, each.source)
        text = language.gettext("{source}: {text}").format(
            source=source, text=printable(language.told(each.text))
        )
        yield " " * INDENT + f"{weight}  {text}"


def _tempo_and_key(features: Features, language: Language) -> Iterator[str]:
    gettext = language.gettext
    if features.tempo_confidence >= MIN_TEMPO_CONFIDENCE:
        tempo = f"{features.tempo_bpm:.0f} BPM"
        yield _row(gettext("tempo"), _sure(tempo, features.tempo_confidence, language))
    if features.key_confidence >= MIN_KEY_CONFIDENCE:
        yield _row(gettext("key"), _sure(features.key, features.key_confidence, language))


def _sure(found: str, confidence: float, language: Language) -> str:
    text = language.gettext("{found} (confidence {confidence:.2f})")
    return text.format(found=found, confidence=confidence)


def _energy(
    track: Track,
    reasons: Sequence[energy.Contribution],
    standing: EnergyRank,
    width: int,
    language: Language,
) -> Iterator[str]:
    gettext, told = language.gettext, language.told
    whole = gettext(
        "{energy:.2f} on the absolute scale, {percentile:.2f} relative to your library ({calmer} of"
        " {others} other tracks are calmer)"
    ).format(
        energy=track.energy,
        percentile=standing.percentile,
        calmer=standing.calmer,
        others=standing.others,
    )
    yield from _folded_row(gettext("energy"), whole, width)
    for reason in reasons:
        because = told(reason.because)
        text = told(reason.name) + (gettext(" ({why})").format(why=because) if because else "")
        first, *rest = _folded(text, width, HANGING)
        yield f"{'':{INDENT}}{reason.energy:+.2f}  {first}"
        yield from rest
    peak = gettext("{energy:.2f}: the most energetic {step:.0f} s")
    yield _row(gettext("peak"), peak.format(energy=track.peak_energy, step=STEP_S))
    if track.climax_s is not None:
        climax = gettext("hides a climax: {energy:.2f} at {time}")
        text = climax.format(energy=track.peak_energy, time=clock(track.climax_s))
        yield " " * INDENT + text
    for name, others in ((gettext("above"), standing.above), (gettext("below"), standing.below)):
        for number, other in enumerate(others):
            yield _row("" if number else name, f"{other.energy:.2f}  {_called(other)}")


def _folded_row(name: str, text: str, width: int) -> Iterator[str]:
    first, *rest = _folded(text, width)
    yield _row(name, first)
    yield from rest


def _emotion(track: Track, width: int, *, ascii_only: bool, language: Language) -> Iterator[str]:
    """Say what listeners would say a track feels like, or why that is not known."""
    found, gettext = track.emotion, language.gettext
    if found is None:
        unknown = gettext(
            "not known: no embedding, and the energy is the coarser one (scan without"
            " --no-embedding)"
        )
        yield from _folded_row(gettext("tension"), unknown, width)
        return
    spread = f"{'+/-' if ascii_only else '±'} {found.tension_spread:.2f}"
    tension = gettext("{tension:.2f} {spread} (a hint: what listeners would say)")
    moving = gettext("{moving:.2f} (a hint: tender, sad, solemn or full of wonder)")
    contour = found.tension_contour.tolist()
    yield _row(gettext("tension"), tension.format(tension=found.tension, spread=spread))
    yield " " * INDENT + sparkline(contour, width=max(1, width - INDENT), ascii_only=ascii_only)
    yield _row(language.pgettext("track", "moving"), moving.format(moving=found.moving))


def _marks(track: Track, language: Language) -> Iterator[str]:
    mark, gettext = track.mark, language.gettext
    if mark.energy is not None:
        yield gettext("energy {value:.2f}").format(value=mark.energy)
    if mark.vocals is not None:
        yield gettext("vocals {kind}").format(kind=language.pgettext(VOICE, mark.vocals))
    if mark.banned:
        yield gettext("banned")
    if mark.note:
        yield language.pgettext("track", "note: {text}").format(text=printable(mark.note))


def _called(track: Track) -> str:
    artist = f"  ({printable(track.tags.artist)})" if track.tags.artist else ""
    return f"{printable(track.tags.title or track.path)}{artist}"
