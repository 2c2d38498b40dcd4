"""A request and the library of today -> sessions.

Sessions that are built again, edited or replanned take the same way as new ones, so they follow the
same rules. Nothing here scans, prints or writes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from playlist_builder.arranger.arrange import alternatives
from playlist_builder.arranger.budget import budget
from playlist_builder.arranger.capacity import Capacity, capacity
from playlist_builder.arranger.explain import Explanation, explain
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.series import series
from playlist_builder.errors import ArrangeError, LibraryError, ShortageError
from playlist_builder.language.notices import Notice, notice
from playlist_builder.library.history import PersonHistory, Rating, described
from playlist_builder.library.library import Library
from playlist_builder.models import Session, Track
from playlist_builder.playlists import read as playlists
from playlist_builder.playlists import session_json
from playlist_builder.playlists.entry_paths import unsupported_reason
from playlist_builder.profiles import find as profiles
from playlist_builder.profiles.overrides import apply_overrides
from playlist_builder.profiles.profile import Profile
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import cuts, preferences, presence
from playlist_builder.sessions.pins import Find, check_inside, read_pin
from playlist_builder.sessions.rescue import rescue
from playlist_builder.tracks.queries import any_of
from playlist_builder.tracks.track_table import TrackTable

DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The tracks that a request selects from a library, with the profile and rules for them.

    The pins of `request` are known by identity here. `known` holds all tracks of the library by
    identity, `notes` say what was not found. `played` counts the tracks that are left out because
    they were played for the name of the request; `ratings` are that name's, by identity.
    """

    request: SessionRequest
    tracks: TrackTable
    profile: Profile
    constraints: Constraints
    known: Mapping[str, Track]
    notes: tuple[Notice, ...]
    played: int
    ratings: Mapping[str, Rating]


def profile_of(request: SessionRequest, *, folders: Sequence[Path] = ()) -> Profile:
    """Return the profile of a request as it is now, with its duration, rules, levels and changes.

    Raises ProfileError for what a profile cannot be, RequestError for a level that cannot be read.
    """
    profile = profiles.load_or_parse(request.profile, request.profile_text, folders=folders)
    return apply_overrides(profile, request)


@dataclass(frozen=True, slots=True, eq=False)
class Holdings:
    """What is read of a library for one request, and for those that come of it by changes.

    `every` holds all tracks, those whose files have vanished too, `known` the same by identity, and
    `within` those of the folders of
    the request that are there. `past` is the history of its name. `find` returns the track that a
    name names. Where there is no track, so many are `waiting` to be measured.
    """

    every: TrackTable
    known: Mapping[str, Track]
    within: TrackTable
    past: PersonHistory
    find: Find
    waiting: int

    @staticmethod
    def of(library: Library, request: SessionRequest) -> "Holdings":
        """Return what a library holds now; it is not read again, but for names not met before."""
        every = library.tracks(missing=True, styles=True)
        within = every.take(~every.missing)
        if request.music:
            within = library.tracks(folders=request.music, styles=True)
        return Holdings(
            every,
            every.by_identity(),
            within,
            library.history.of(request.name) if request.name else PersonHistory(""),
            cache(library.find),
            library.unanalysed_count if not len(within) else 0,
        )


def select(
    request: SessionRequest, profile: Profile, library: Library, *, drafts: Collection[str] = ()
) -> Selection:
    """Return what a request selects from the library as it is now, under its `profile_of`.

    `drafts` are numbers of sessions in the history that are replaced. Raises LibraryError where
    there is no track, or none that a pin names.
    """
    return selected(request, profile, Holdings.of(library, request), drafts=drafts)


def selected(
    request: SessionRequest, profile: Profile, held: Holdings, *, drafts: Collection[str] = ()
) -> Selection:
    """Return what a request selects from what a library holds; as `select`, and raises as that."""
    every, tracks, past = held.every, held.within, held.past
    by_identity = tracks.by_identity()
    pinned = request.pinned or ("",) * len(request.pins)
    pins = [
        read_pin(held.find, by_identity, profile, pin, identity)
        for pin, identity in zip(request.pins, pinned, strict=True)
    ]
    if not (request.pinned or request.use_all):  # pins of a session move with its plan
        for (pin, _), text in zip(pins, request.pins, strict=True):
            check_inside(pin, profile, text)
    if request.playlist:
        tracks = TrackTable.of(_of_playlist(request, by_identity))
    is_gone = bool(every.missing.all())
    if is_gone and len(every):
        presence.without_missing(every)
        raise LibraryError(
            "The last scan found none of the {count} tracks. Scan their folders again:"
            " playlist-builder scan FOLDER",
            count=len(every),
        )
    if not tracks and request.music and not is_gone:
        raise LibraryError(
            "No music that can be used lies in {music}.", music=", ".join(request.music)
        )
    if not tracks:
        raise no_tracks(held.waiting)
    avoided, notes = _avoided(every, request.avoid)
    played = preferences.with_copies(preferences.played(request, past, drafts), every)
    asked_for = frozenset(identity for _, identity in pins)
    played -= asked_for.union(request.listed)
    thrown_out = frozenset(request.thrown_out) - asked_for
    ratings = {rating.identity: rating for rating in past.ratings}
    return Selection(
        request=replace(request, pinned=tuple(identity for _, identity in pins)),
        tracks=tracks,
        profile=profile,
        constraints=Constraints(
            pins=tuple(pin for pin, _ in pins),
            bans=preferences.banned(past, every),
            avoid=preferences.with_copies(avoided, every) | played | thrown_out,
            include=any_of(request.include),
            exclude=any_of(request.exclude),
            prefer=preferences.preference(
                any_of(request.prefer), preferences.verdicts(ratings, every)
            ),
            use_all=request.use_all,
            allow_short=request.allow_short,
            levelled=request.levelled,
            tolerance_s=request.tolerance_s,
            scale=request.scale,
            seed=request.seed,
            trim_s=request.trim_s,
            settle=cuts.settled if request.trim_s else None,
        ),
        known=held.known,
        notes=notes,
        played=sum(identity in played for identity in tracks.identities),
        ratings=ratings,
    )


def rescue_request(library: Library, place: str | None) -> tuple[SessionRequest, list[Notice]]:
    """Return the request for a rescue from the tracks of a library that are there, and notes on it.

    `place` is where the library lies, None for the user's own. Raises LibraryError where there is
    no track, ArrangeError where none is calm enough.
    """
    tracks = library.tracks()
    if not tracks:
        raise no_tracks(library.unanalysed_count)
    request, notes = rescue(tracks, place)
    if presence.missing_files(request.playlist):
        tracks, missing = presence.without_missing(tracks, most=presence.MOST_MISSING_NOW)
        request, notes = rescue(tracks, place)
        notes.extend(missing)
    return request, notes


def no_tracks(waiting: int) -> LibraryError:
    """Return why a library holds no tracks, of which so many wait to be measured, as an error."""
    if not waiting:
        return LibraryError("No tracks yet. Scan a folder first: playlist-builder scan FOLDER")
    return LibraryError(
        "The library knows {count} tracks that need 'scan' again, as this version measures more of"
        " them: playlist-builder scan FOLDER",
        count=waiting,
    )


def holdable_in(selection: Selection, suffixes: Collection[str]) -> Selection:
    """Return a selection without tracks that a playlist of any of these formats cannot hold.

    What is left out is listed in the notes.
    """
    paths, reasons = selection.tracks.paths, dict[str, str]()
    for suffix in suffixes:
        for path in paths:
            if reason := unsupported_reason(path, suffix):
                reasons.setdefault(path, reason)
    if not reasons:
        return selection
    kept = np.array([path not in reasons for path in paths])
    refused = filter(reasons.__contains__, paths)
    notes = (notice("left_out", path=path, reason=reasons[path]) for path in refused)
    return replace(selection, tracks=selection.tracks.take(kept), notes=(*selection.notes, *notes))


def build_session(selection: Selection) -> Session:
    """Return the session that is asked for, of several alternatives the one of its number.

    Raises ArrangeError where the music holds none, or fewer alternatives.
    """
    number = selection.request.alternative
    sessions = build_alternatives(selection, number)
    if len(sessions) < number:
        raise ArrangeError(
            "The library holds no alternative number {number} any more.", number=number
        )
    return sessions[-1]


def build_alternatives(selection: Selection, count: int = 1) -> list[Session]:
    """Return up to `count` alternatives with the request that builds each of them again."""
    sessions = _arranged(selection, alternatives, count)
    if len(sessions) < count:
        note = notice("fewer_sessions", count=len(sessions), asked=count)
        sessions = [replace(each, warnings=(*each.warnings, note)) for each in sessions]
    return [
        replace(session, request=replace(selection.request, alternative=number))
        for number, session in enumerate(sessions, start=1)
    ]


def build_series(selection: Selection, count: int) -> list[Session]:
    """Return sessions that share no track, or as few as the library forces."""
    return _arranged(selection, series, count)


def capacity_of(selection: Selection) -> Capacity:
    """Return how many sessions the tracks of a selection hold without repeats: an estimate."""
    return capacity(selection.tracks, selection.profile, selection.constraints)


def explained(selection: Selection, session: Session) -> list[Explanation]:
    """Return for each slot of a session why it is there."""
    if any(note.code == presence.LEFT_OUT for note in session.warnings):
        selection = present(selection)
    reasons = explain(session, selection.tracks, selection.profile, selection.constraints)
    ratings, name = selection.ratings, selection.request.name or ""
    return [
        replace(reason, rated=described(ratings[slot.identity], name))
        if slot.identity in ratings
        else reason
        for reason, slot in zip(reasons, session.slots, strict=True)
    ]


def _arranged(
    selection: Selection, arrange: Callable[..., list[Session]], count: int
) -> list[Session]:
    """Return sessions whose files are all there: what is missing is left out, and that is told."""
    sessions = _arranged_once(selection, arrange, count)
    if any(presence.missing_files(presence.files_of(session)) for session in sessions):
        return _arranged_once(present(selection), arrange, count)
    return sessions


def present(selection: Selection) -> Selection:
    """Return a selection of the tracks whose file is there, and that others are left out."""
    tracks, notes = presence.without_missing(selection.tracks, selection.request.pinned)
    return replace(selection, tracks=tracks, notes=(*selection.notes, *notes))


def _arranged_once(
    selection: Selection, arrange: Callable[..., list[Session]], count: int
) -> list[Session]:
    request = selection.request
    try:
        sessions = arrange(
            selection.tracks,
            selection.profile,
            count,
            selection.constraints,
        )
    except ArrangeError as error:
        told = (
            error
            if request.use_all or isinstance(error, ShortageError)
            else ArrangeError("{error} {note}.", error=error, note=budget_of(selection))
        )
        if not selection.played:
            raise told from error
        raise ArrangeError(
            "{told} {played} tracks were played for '{name}' within {within_s:g} days: a"
            " shorter time, such as --within 30d, lets the older ones in.",
            told=told,
            played=selection.played,
            name=request.name,
            within_s=request.within_s / DAY_S,
        ) from error
    notes = selection.notes if request.use_all else (*selection.notes, budget_of(selection))
    return [
        replace(
            each,
            request=request,
            profile_text=None,  # the request has it
            warnings=(*each.warnings, *notes),
        )
        for each in sessions
    ]


def budget_of(selection: Selection) -> Notice:
    """Return how much of the music can be used for the profile."""
    return budget(selection.tracks, selection.profile, selection.constraints)


def _of_playlist(request: SessionRequest, by_identity: Mapping[str, Track]) -> list[Track]:
    """Return the tracks of a playlist under the paths that it names, where they still exist."""
    return [
        replace(by_identity[identity], path=path) if Path(path).is_file() else by_identity[identity]
        for path, identity in zip(request.playlist, request.listed, strict=True)
        if identity in by_identity
    ]


def _avoided(tracks: TrackTable, files: Sequence[str]) -> tuple[frozenset[str], tuple[Notice, ...]]:
    """Return the identities that playlists and sessions hold, and notes on unknown entries."""
    at = dict(zip(tracks.paths, tracks.identities, strict=True)) if files else {}
    found: set[str] = set()
    notes = []
    for file in files:
        if file.endswith(".json"):  # a session knows the music by identity, wherever it lies now
            session = session_json.load_session(file)
            found.update(slot.identity for slot in (*session.slots, *session.tail))
            continue
        entries = playlists.read_entries(file)
        paths, lost = playlists.resolve_all(entries, str(Path(file).parent), at.__contains__)
        if lost:
            notes.append(notice("not_in_library", count=len(lost), total=len(entries), file=file))
        found.update(at[path] for path in paths)
    return frozenset(found), tuple(notes)
