"""Commands about the tracks of the library: tracks, show, mark."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.help import HelpInLanguage
from playlist_builder.cli.language import _, language, ngettext, told
from playlist_builder.cli.library import open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.scan import warn_waiting
from playlist_builder.errors import LibraryError, SessionError
from playlist_builder.language.translation import Phrase

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from playlist_builder.tracks.track_table import TrackTable

LIKE_LIMIT = 20  # tracks that --like lists, the nearest


class _QueryCommand(HelpInLanguage):
    """A command whose words may begin with a dash, and with an h after it; -h alone asks for help.

    click reads -heavy as -h with more behind it.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        asked = ["--help" if each == "-h" else each for each in args[:end]]
        return super().parse_args(ctx, [*asked, *args[end:]])


@main.command(
    cls=_QueryCommand,
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("query", nargs=-1)
@click.option(
    "--sort",
    type=click.Choice(["path", "energy", "tension", "length", "loudness", "title"]),
    help="The order; by default that of energy, with --like the nearest first.",
)
@click.option("--like", metavar="TRACK", help="Those whose style is nearest to that of TRACK.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help=f"List so many at most; with --like {LIKE_LIMIT} unless you say.",
)
@options.common_options
def tracks(
    query: Sequence[str],
    sort: str | None,
    like: str | None,
    limit: int | None,
    library: str | None,
    *,
    as_json: bool,
) -> None:
    """List the tracks of the library, or those that QUERY names.

    \b
    genre:ambient              the genre holds it
    artist:"Hans Zimmer"       quotes keep spaces together
    -artist:"Hans Zimmer"      not
    genre:ambient,drone        one or the other
    year:1990..2005 bpm:..80   both; ranges may stand open
    'energy<0.1'               numbers may be compared, in quotes for the shell
    piano                      title, artist, album, genre or path

    Text: title artist album genre mood comment language date path key vocals.
    Numbers: year energy peak tension moving bpm length (minutes) loudness range startle brightness.
    """  # noqa: D301 - click reads the backslash
    import numpy as np

    from playlist_builder.arranger.sheets import album_notices
    from playlist_builder.tracks.queries import parse

    orders: dict[str, Callable[[Any], Sequence[Any]]] = {
        "path": lambda table: table.paths,
        "energy": lambda table: table.energy.tolist(),
        "tension": lambda table: np.nan_to_num(table.tension, nan=np.inf).tolist(),
        "length": lambda table: table.seconds.tolist(),
        "loudness": lambda table: table.measured("loudness_lufs").tolist(),
        "title": lambda table: [title.casefold() for title in table.titles],
    }
    similarity = None
    with open_library(library) as opened:
        if like is None:
            found = opened.tracks()
        else:
            found, similarity = opened.similar(find_track(opened, like))
        warn_waiting(opened)
    for known in album_notices(found):
        output.print_message(told(known))
    places = np.arange(len(found))
    if query:
        matches = parse(" ".join(map(_quoted, query)))
        places = places[matches.mask(found)]
    if like is not None:
        places = places[: limit or LIKE_LIMIT]  # whatever the order, the nearest
    if sort is not None or like is None:
        values = orders[sort or "energy"](found)
        places = np.array(sorted(places.tolist(), key=values.__getitem__), int)
    matching = found.take(places)
    places = places[:limit]
    every, found = found, found.take(places)
    nearness = None if similarity is None else similarity[places].tolist()
    from playlist_builder.arranger.budget import budget_of_tracks
    from playlist_builder.profiles.profile import Rules

    usable = told(budget_of_tracks(matching, every, Rules())) if like is None and matching else ""
    if as_json:
        documents = _documents(found)
        if nearness is not None:
            documents = map(_with_similarity, documents, nearness)
        output.print_json_list(documents)
        if usable:
            output.print_message(usable)
        return
    from playlist_builder.report.language import LANGUAGES
    from playlist_builder.report.track_text import tracks_lines

    output.print_lines(
        tracks_lines(found, nearness, width=output.width(), language=LANGUAGES[language()])
    )
    output.print_message(
        ngettext("{count} track", "{count} tracks", len(found)).format(count=len(found))
    )
    if usable:
        output.print_message(
            _(
                "{sentence}\nEnergy is absolute here; a session shows percentiles of your"
                " library, unless it is built with --scale absolute."
            ).format(sentence=usable)
        )


@main.command()
@click.argument("track")
@options.common_options
def show(track: str, library: str | None, *, as_json: bool) -> None:
    """Show a TRACK and the reasons of its energy.

    A TRACK is its title or a part of that, its path, or its number in the last session.
    """
    from playlist_builder.analysis import energy
    from playlist_builder.tracks.track_table import TrackTable
    from playlist_builder.vocals import evidence

    with open_library(library) as opened:
        found = find_track(opened, track)
        standing = opened.energy_rank(found)
        steps, embedding = opened.steps(found), opened.embedding(found)
        is_corrected = opened.calibrations()["calmer"].correction is not None
    reasons = energy.contributions(steps, embedding)
    judged = evidence.classify(found.tags, found.mark, found.heard)
    if found.mark.energy is not None:
        marked = found.energy - sum(reason.energy for reason in reasons)
        reasons.append(energy.Contribution(Phrase("your mark"), marked))
    elif is_corrected:
        added = found.energy - sum(reason.energy for reason in reasons)
        reasons.append(energy.Contribution(Phrase("your answers"), added))
    if as_json:
        (document,) = _documents(TrackTable.of([found]))
        output.print_json(
            {
                **document,
                "identity": found.identity,
                "percentile": round(standing.percentile, 4),
                "tension_contour": [
                    round(value, 4) for value in found.emotion.tension_contour.tolist()
                ]
                if found.emotion
                else None,
                "peak_energy": round(found.peak_energy, 4),
                "climax_s": found.climax_s,
                "startle_lu": round(found.startle_lu, 2),
                "longest_silence_s": round(found.features.longest_silence_s, 1),
                "longest_silence_start_s": round(found.features.longest_silence_start_s, 1),
                "tempo_confidence": round(found.features.tempo_confidence, 3),
                "key": found.features.key,
                "key_confidence": round(found.features.key_confidence, 3),
                "vocals_confidence": round(judged.confidence, 3),
                "voice_spans": found.heard.spans if found.heard else [],
                "evidence": [
                    {
                        "source": each.source,
                        "says": each.vocals,
                        "weight": round(each.weight, 2) if math.isfinite(each.weight) else None,
                        "words": each.text,
                    }
                    for each in judged.evidence
                ],
                "reasons": [replace(each, energy=round(each.energy, 4)) for each in reasons],
                "above": [_neighbour(other) for other in standing.above],
                "below": [_neighbour(other) for other in standing.below],
                "mark": found.mark,
            }
        )
        return
    from playlist_builder.report.language import LANGUAGES
    from playlist_builder.report.track_text import track_text

    style, own = output.chart_style(), LANGUAGES[language()]
    output.print_drawing(track_text(found, judged, reasons, standing, **style, language=own))


@main.command()
@click.argument("track")
@click.option("--energy", type=options.NumberRange(0, 1), help="The energy you hear, from 0 to 1.")
@click.option(
    "--vocals",
    type=click.Choice(["none", "wordless", "sung", "spoken"]),
    help="The voices you hear: none, some without words, or words that are sung or spoken.",
)
@click.option("--ban", is_flag=True, help="Never use it.")
@click.option("--unban", is_flag=True, help="Use it again.")
@click.option("--for", "name", metavar="NAME", help="With --ban or --unban: for NAME alone.")
@options.note_option("A note to yourself.")
@click.option("--clear", is_flag=True, help="Remove all marks of the track.")
@options.library_option
def mark(
    track: str,
    energy: float | None,
    vocals: str | None,
    name: str | None,
    note: str | None,
    library: str | None,
    *,
    ban: bool,
    unban: bool,
    clear: bool,
) -> None:
    """Say what you know about a TRACK; it is kept whatever happens to the file.

    A TRACK is its title or a part of that, its path, or its number in the last session.
    """
    if ban and unban:
        raise click.UsageError(_("A track is one or the other: say it once."))
    banned = ban if ban or unban else None
    values = {"energy": energy, "vocals": vocals, "banned": banned, "note": note}
    changes: dict[str, Any] = {key: value for key, value in values.items() if value is not None}
    if energy is not None and not 0.0 <= energy <= 1.0:
        raise click.BadParameter(_("the energy is a number from 0 to 1."))
    if not changes and not clear:
        raise click.UsageError(_("Say something, such as --ban or --energy 0.4, or --clear."))
    if name is not None:
        if banned is None or clear or energy is not None or vocals is not None:
            raise click.UsageError(_("--for goes with --ban or --unban, and with a --note, alone."))
        _ban(track, name, note or "", library, ban=ban)
        return
    with open_library(library) as opened:
        found = find_track(opened, track)
        new = replace(api.Mark() if clear else found.mark, **changes)
        opened.mark(found.identity, new)
        place = _place_in_last(opened, found.identity) if ban else ""
    output.print_message(
        _("Marked {title} ({path}): {new}.{place}").format(
            title=found.tags.title, path=found.path, new=_mark_text(new), place=place
        )
    )


def find_track(library: "api.Library", word: str) -> "api.Track":
    """Return the track of the library that a word names; a number is one of the last session."""
    from playlist_builder.language.text import whole_number

    number = whole_number(word)
    if number:
        with suppress(LibraryError, SessionError):
            slots = _last_slots(library)[1]
            if number <= len(slots):
                return library.track(slots[number - 1].identity)
    return library.find(word)


def _last_slots(library: "api.Library") -> tuple[int, tuple["api.Slot", ...]]:
    """Return the number of the last session, and its tracks with those of its tail."""
    from playlist_builder.playlists import session_json

    kept = library.sessions.last()
    session = session_json.parse(library.sessions.document(kept.id), str(kept.number))
    return kept.number, (*session.slots, *session.tail)


def _place_in_last(library: "api.Library", identity: str) -> str:
    """Return a sentence where the last session still plays a track, else nothing."""
    with suppress(LibraryError, SessionError):
        number, slots = _last_slots(library)
        for place, slot in enumerate(slots, start=1):
            if slot.identity == identity:
                command = f"playlist-builder swap {number} {place}"
                text = _(" Session {number} still plays it: {command}")
                return text.format(number=number, command=command)
    return ""


def _mark_text(mark: "api.Mark") -> str:
    parts = (
        "" if mark.energy is None else _("energy {value:g}").format(value=mark.energy),
        "" if mark.vocals is None else _("vocals {kind}").format(kind=mark.vocals),
        _("banned") if mark.banned else "",
        _("note '{note}'").format(note=mark.note) if mark.note else "",
    )
    return _(", ").join(filter(None, parts)) or _("no mark any more")


def _ban(track: str, name: str, note: str, library: str | None, *, ban: bool) -> None:
    from playlist_builder.library.history import Ban
    from playlist_builder.session_request import person_name

    whom = person_name(name)
    with open_library(library) as opened:
        found = find_track(opened, track)
        if ban:
            opened.history.ban(whom, Ban(found.identity, note, found.tags.title))
        else:
            opened.history.unban(whom, found.identity)
        place = _place_in_last(opened, found.identity) if ban else ""
    known = (
        _("Banned {title} ({path}) for {whom}.")
        if ban
        else _("Allowed {title} ({path}) for {whom}.")
    )
    told_of = known.format(title=found.tags.title, path=found.path, whom=whom)
    output.print_message(f"{told_of}{place}")


def _quoted(word: str) -> str:
    """Put back the quotes that the shell took from `artist:"Hans Zimmer"`."""
    field, colon, value = word.partition(":")
    blank = any(character.isspace() for character in value)
    return f'{field}:"{value}"' if colon and blank and '"' not in word else word


def _documents(tracks: "TrackTable") -> Iterator[dict[str, Any]]:
    """Yield what JSON says of each track; no track is made for it."""
    for first in range(0, len(tracks), output.AT_ONCE):
        columns = _columns(tracks[first : first + output.AT_ONCE])
        for row in zip(*columns.values(), strict=True):
            yield dict(zip(columns, row, strict=True))


def _columns(tracks: "TrackTable") -> dict[str, list[Any]]:
    from playlist_builder.tracks.track_table import VOCALS

    tags = list(tracks.tags("artists", "album", "genres", "cue_tracks"))
    values, begins, counts = tracks.contours()
    steps = _rounded(values, 4)
    spans = zip(begins.tolist(), (begins + counts).tolist(), strict=True)
    return {
        "path": tracks.paths,
        "title": tracks.titles,
        "artist": [", ".join(artists) for artists, _, _, _ in tags],
        "album": [album for _, album, _, _ in tags],
        "genre": [", ".join(genres) for _, _, genres, _ in tags],
        "duration_s": _rounded(tracks.seconds, 3),
        "energy": _rounded(tracks.energy, 4),
        "contour": [steps[first:end] for first, end in spans],
        "loudness_lufs": _rounded(tracks.measured("loudness_lufs"), 2),
        "loudness_range_lu": _rounded(tracks.measured("loudness_range_lu"), 2),
        "sample_peak_dbfs": _rounded(tracks.measured("sample_peak_dbfs"), 2),
        "tempo_bpm": _rounded(tracks.measured("tempo_bpm"), 1),
        "vocals": [VOCALS[kind] for kind in tracks.vocals.tolist()],
        "cue_tracks": [count for _, _, _, count in tags],
        "tension": _rounded(tracks.tension, 4),
        "tension_spread": _rounded(tracks.tension_spread, 4),
        "moving": _rounded(tracks.moving, 4),
    }


def _rounded(values: "NDArray[np.floating]", places: int) -> list[float | None]:
    """Return numbers for JSON, None where one is not known."""
    rounded = values.astype(float).round(places).tolist()
    return [None if value != value else value for value in rounded]  # noqa: PLR0124 - NaN


def _with_similarity(document: dict[str, Any], similarity: float) -> dict[str, Any]:
    return document | {"similarity": round(similarity, 4)}


def _neighbour(track: "api.Track") -> dict[str, Any]:
    return {"path": track.path, "title": track.tags.title, "energy": round(track.energy, 4)}
