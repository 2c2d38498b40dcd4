"""The printed views of tracks: values to text. It prints nothing."""

import math
from collections.abc import Iterator, Sequence
from textwrap import fill

import numpy as np

from playlist_builder.analysis import energy
from playlist_builder.language.text import clock, printable
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
from playlist_builder.vocals.evidence import Evidence, VocalsVerdict

WORDS = "title", "artist", "genre"
COLUMNS = (  # from which width on
    (110, ("energy", "tension", "moving", "length", "LUFS", "BPM", "vocals", *WORDS)),
    (90, ("energy", "tension", "length", "LUFS", "BPM", "vocals", *WORDS)),
    (0, ("energy", "length", "LUFS", "BPM", "vocals", *WORDS)),
)
INDENT = 12  # of the values of one track


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


def _silence(features: Features) -> list[str]:
    if not features.longest_silence_s:
        return []
    at = clock(features.longest_silence_start_s)
    return [f"silence     {features.longest_silence_s:.0f} s from {at} on"]


def track_text(  # noqa: PLR0913 - what there is to show
    track: Track,
    judged: VocalsVerdict,
    reasons: Sequence[energy.Contribution],
    standing: EnergyRank,
    *,
    width: int,
    ascii_only: bool = False,
    colour: bool = False,
) -> str:
    """Draw one track: what it is, its contour, why it has its energy, and what is like it."""
    features, tags = track.features, track.tags
    lines = [
        f"{printable(tags.title)}  ({printable(tags.artist) or 'no artist'})",
        printable(track.path) + ("  [missing]" if track.missing else ""),
        "",
        f"length      {clock(track.duration_s)}",
        f"loudness    {features.loudness_lufs:.1f} LUFS, range {features.loudness_range_lu:.1f} LU",
        f"sample peak {features.sample_peak_dbfs:.1f} dBFS",
        f"startle     {track.startle_lu:.1f} LU: largest rise within one second",
        *_silence(features),
        f"vocals      {track.vocals} (confidence {judged.confidence:.2f})",
        *(_evidence(each) for each in judged.evidence),
    ]
    if features.tempo_confidence >= MIN_TEMPO_CONFIDENCE:
        sure = f"(confidence {features.tempo_confidence:.2f})"
        lines.append(f"tempo       {features.tempo_bpm:.0f} BPM {sure}")
    if features.key_confidence >= MIN_KEY_CONFIDENCE:
        lines.append(f"key         {features.key} (confidence {features.key_confidence:.2f})")
    lines += [f"marked      {text}" for text in _marks(track)]
    relative = f"{standing.percentile:.2f} relative to your library"
    calmer = f"{standing.calmer} of {standing.others} other tracks are calmer"
    lines += ["", f"energy      {track.energy:.2f} on the absolute scale, {relative} ({calmer})"]
    for reason in reasons:
        because = f" ({reason.because})" if reason.because else ""
        lines += fill(
            f"{reason.energy:+.2f}  {reason.name}{because}",
            width=width,
            initial_indent=" " * INDENT,
            subsequent_indent=" " * 19,
        ).split("\n")
    lines.append(f"peak        {track.peak_energy:.2f}: the most energetic {STEP_S:.0f} s")
    if track.climax_s is not None:
        climax = f"{track.peak_energy:.2f} at {clock(track.climax_s)}"
        lines.append(f"            hides a climax: {climax}")
    for name, others in (("above", standing.above), ("below", standing.below)):
        lines += [
            f"{name if not number else '':{INDENT}}{other.energy:.2f}  {_called(other)}"
            for number, other in enumerate(others)
        ]
    lines += _emotion(track, width, ascii_only=ascii_only)
    contour = chart(
        None,
        [float(value) for value in track.contour],
        duration_s=track.duration_s,
        phases=(),
        width=width,
        ascii_only=ascii_only,
        colour=colour,
    )
    return "\n".join([*lines, "", contour])


def _emotion(track: Track, width: int, *, ascii_only: bool) -> list[str]:
    """Say what listeners would say a track feels like, or why that is not known."""
    found, indent = track.emotion, " " * INDENT
    if found is None:
        unknown = "not known: no embedding, and the energy is the coarser one"
        text = f"tension     {unknown} (scan without --no-embedding)"
        lines = fill(text, width=width, subsequent_indent=indent, break_on_hyphens=False)
        return lines.split("\n")
    spread = f"{'+/-' if ascii_only else '±'} {found.tension_spread:.2f}"
    contour = found.tension_contour.tolist()
    return [
        f"tension     {found.tension:.2f} {spread} (a hint: what listeners would say)",
        indent + sparkline(contour, width=max(1, width - INDENT), ascii_only=ascii_only),
        f"moving      {found.moving:.2f} (a hint: tender, sad, solemn or full of wonder)",
    ]


def _evidence(evidence: Evidence) -> str:
    weight = f"{evidence.weight:+.1f}" if math.isfinite(evidence.weight) else "    "
    return f"            {weight}  {evidence.source}: {printable(evidence.text)}"


def _marks(track: Track) -> list[str]:
    mark = track.mark
    return [
        *([f"energy {mark.energy:.2f}"] if mark.energy is not None else []),
        *([f"vocals {mark.vocals}"] if mark.vocals is not None else []),
        *(["banned"] if mark.banned else []),
        *([f"note: {printable(mark.note)}"] if mark.note else []),
    ]


def _called(track: Track) -> str:
    artist = f"  ({printable(track.tags.artist)})" if track.tags.artist else ""
    return f"{printable(track.tags.title or track.path)}{artist}"
