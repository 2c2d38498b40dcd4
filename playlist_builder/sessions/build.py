"""From what was asked to all that the arranger needs: the way in of every session.

A `SessionRequest` is read against the library of today: profile with its changes, rules, queries, pins and
tracks. Sessions that are made again, changed or replanned take the same way as new ones, so they
follow the same rules. It refuses to scan, to show anything, and to write.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from playlist_builder.arranger.arrange import alternatives
from playlist_builder.arranger.explain import Explanation, explain
from playlist_builder.arranger.problem import Objective, percentiles_of
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.arranger.series import series
from playlist_builder.errors import ArrangeError, LibraryError, RequestError, SessionError
from playlist_builder.library.history import PersonHistory, Rating
from playlist_builder.library.library import Library
from playlist_builder.models import Session, SessionRequest, Slot, Track
from playlist_builder.notices import Notice, notice
from playlist_builder.playlists import read as playlists
from playlist_builder.playlists import session_json
from playlist_builder.playlists.dialects import unsupported_reason
from playlist_builder.profiles import find as profiles
from playlist_builder.profiles.overrides import apply_overrides
from playlist_builder.profiles.profile import Profile
from playlist_builder.queries import any_of
from playlist_builder.sessions import edit as editing
from playlist_builder.sessions import preferences
from playlist_builder.sessions.edit import Draft
from playlist_builder.system import is_within
from playlist_builder.track_table import TrackTable

DAY_S = 24 * 3600.0
MANY = 10**6  # tracks of one artist: no limit
CUT_S = 0.1  # a slot that is shorter than its track by more was skipped

_PIN = re.compile(
    r"(?P<track>.+?)(?:@(?:(?P<place>-?\d+)|(?P<minutes>\d+):(?P<seconds>[0-5]\d)))?", re.DOTALL
)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the arranger is asked; the pins of `request` are known by identity.

    `known` holds all tracks of the library by identity, `notes` say what was not found. `heard`
    counts the tracks that are left out because they were played for the name of the call, and
    `ratings` are that name's, by identity.
    """

    request: SessionRequest
    tracks: TrackTable
    profile: Profile
    constraints: Constraints
    known: Mapping[str, Track]
    notes: tuple[Notice, ...] = ()
    heard: int = 0
    ratings: Mapping[str, Rating] = field(default_factory=dict)

    def holdable(self, suffixes: Collection[str]) -> "Asked":
        """Return the same without the tracks that a playlist of any of these formats cannot hold.

        What is left out is told in the notes.
        """
        reasons = {
            path: next(filter(None, (unsupported_reason(path, suffix) for suffix in suffixes)), "")
            for path in self.tracks.paths
        }
        refused = {path: reason for path, reason in reasons.items() if reason}
        if not refused:
            return self
        kept = np.array([path not in refused for path in self.tracks.paths])
        return replace(
            self,
            tracks=self.tracks.take(kept),
            notes=(
                *self.notes,
                *(notice("left_out", path=path, reason=why) for path, why in refused.items()),
            ),
        )

    def sessions(self, count: int = 1) -> list[Session]:
        """Return up to `count` alternatives that know how they were asked for."""
        made = self._made(alternatives, count)
        notes = self.notes
        if len(made) < count:
            notes = (*notes, notice("fewer_sessions", count=len(made), asked=count))
        return [
            replace(
                session,
                warnings=(*session.warnings, *notes),
                request=replace(self.request, alternative=number),
            )
            for number, session in enumerate(made, start=1)
        ]

    def course(self, count: int) -> list[Session]:
        """Return sessions that share no track, or as few as the library forces."""
        return [
            replace(session, warnings=(*session.warnings, *self.notes), request=self.request)
            for session in self._made(series, count)
        ]

    def explained(self, session: Session) -> list[Explanation]:
        """Say why each slot of a session is there."""
        reasons = explain(session, self.tracks, self.profile, self.constraints)
        return [
            replace(reason, rated=self.ratings[slot.identity].describe(self.request.name or ""))
            if slot.identity in self.ratings
            else reason
            for reason, slot in zip(reasons, session.slots, strict=True)
        ]

    def _made(self, make: Callable[..., list[Session]], count: int) -> list[Session]:
        try:
            return make(
                self.tracks,
                self.profile,
                count,
                seed=self.request.seed,
                scale=self.request.scale,
                tolerance_s=self.request.tolerance_s,
                constraints=self.constraints,
            )
        except ArrangeError as error:
            if not self.heard:
                raise
            raise ArrangeError(
                f"{error} {self.heard} tracks were played for '{self.request.name}' within"
                f" {self.request.within_s / DAY_S:g} days: a shorter time, such as --within 30d, lets"
                " the older ones in."
            ) from error


def planned(request: SessionRequest, *, folders: Sequence[Path] = ()) -> Profile:
    """Return the profile of a call as it is now, with its duration, rules, levels and changes.

    Raises ProfileError for what a profile cannot be, RequestError for what says nothing.
    """
    return apply_overrides(
        profiles.load_or_parse(request.profile, request.profile_text, folders=folders), request
    )


def asked(
    request: SessionRequest, profile: Profile, library: Library, *, drafts: Collection[str] = ()
) -> Asked:
    """Return what a call asks of the library as it is now, under a profile of `planned`.

    `drafts` are numbers of sessions in the history that are made anew as well. Raises
    LibraryError where there is no track, or none that a pin names.
    """
    every = library.tracks(missing=True)
    present = every.take(~every.missing)
    there = present.by_identity()
    pinned = request.pinned or ("",) * len(request.pins)
    pins = [
        _pin(library, there, pin, identity)
        for pin, identity in zip(request.pins, pinned, strict=True)
    ]
    tracks = TrackTable.of(_of_playlist(request, there)) if request.playlist else present
    if request.music:
        inside = [any(is_within(path, root) for root in request.music) for path in tracks.paths]
        tracks = tracks.take(np.array(inside, np.bool_))
    if not tracks:
        raise LibraryError("No tracks yet. Scan a folder first: playlist-builder scan FOLDER")
    avoided, notes = _identities(every, request.avoid)
    past = library.history.of(request.name) if request.name else PersonHistory("")
    heard = preferences.heard(request, past, drafts)
    heard = preferences.with_copies(heard, every) - {identity for _, identity in pins}
    ratings = {rating.identity: rating for rating in past.ratings}
    return Asked(
        request=replace(request, pinned=tuple(identity for _, identity in pins)),
        tracks=tracks,
        profile=profile,
        constraints=Constraints(
            pins=tuple(pin for pin, _ in pins),
            bans=preferences.with_copies(frozenset(ban.identity for ban in past.bans), every),
            avoid=avoided | heard,
            include=any_of(request.include),
            exclude=any_of(request.exclude),
            prefer=preferences.preferred(any_of(request.prefer), ratings),
            use_all=request.use_all,
            allow_short=request.allow_short,
        ),
        known=every.by_identity(),
        notes=notes,
        heard=sum(identity in heard for identity in tracks.identities),
        ratings=ratings,
    )


def draft(session: Session, name: str, asked: Asked, *, playing: bool = False) -> Draft:
    """Return a session ready to be changed; `name` is the file to speak of.

    Tracks that have moved are found where the library knows them. Raises SessionError where one is
    not there; of a session that is `playing` it is kept as missing, where the library knows it.
    """
    request, profile = asked.request, asked.profile
    percentiles = percentiles_of(asked.tracks, request.scale)
    terms = Objective(profile, asked.constraints, percentiles, request.seed, request.tolerance_s)
    order = tuple(_played(slot, name, asked, playing=playing) for slot in session.slots)
    gone = {track.identity for track in order if track.missing}
    pool = editing.pool_of(asked.tracks, terms)
    if gone:
        pool = pool.take(np.array([own not in gone for own in pool.identities], np.bool_))
    return Draft(
        order=order,
        pool=pool,
        terms=terms,
        pins=tuple(zip(asked.constraints.pins, request.pinned, strict=True)),
        request=request,
        reach=float(pool.energy.max(initial=0.0)),
    )


def _played(slot: Slot, name: str, asked: Asked, *, playing: bool) -> Track:
    """Return the track of a slot, as long as it plays there."""
    track = asked.known.get(slot.identity)
    path = next(
        (p for p in (slot.path, track.path if track else "") if p and Path(p).is_file()), None
    )
    if track is None or (path is None and not playing):
        raise SessionError(
            f"Session file {name!r} holds {slot.path!r}, which is not there any more. Scan the"
            " folder that it lies in now, or make the session again with 'playlist-builder rebuild'"
        )
    if slot.duration_s < track.duration_s - CUT_S:
        track = editing.cut(track, slot.duration_s)
    return replace(track, path=path or slot.path, missing=path is None)


def _of_playlist(request: SessionRequest, there: Mapping[str, Track]) -> list[Track]:
    """Return the tracks of a playlist under the paths that it names, where they are still there."""
    return [
        replace(there[identity], path=path) if Path(path).is_file() else there[identity]
        for path, identity in zip(request.playlist, request.listed, strict=True)
        if identity in there
    ]


def _pin(library: Library, there: Mapping[str, Track], text: str, identity: str) -> tuple[Pin, str]:
    """Read TRACK, TRACK@3 or TRACK@12:30; returns the identity of the track as well.

    `there` holds tracks by identity. Where the identity is known, the name may be outdated.
    """
    found = _PIN.fullmatch(text)
    if found is None or (found["place"] and int(found["place"]) == 0):
        raise RequestError(f"--pin '{text}': give TRACK, TRACK@3, TRACK@-1 or TRACK@12:30.")
    track = there.get(identity) or library.find(found["track"])
    track = there.get(track.identity, track)  # one recording may lie at several paths
    if found["minutes"] is not None:
        minute = int(found["minutes"]) + int(found["seconds"]) / 60.0
        return Pin(track.path, minute=minute), track.identity
    return Pin(track.path, place=int(found["place"]) if found["place"] else None), track.identity


def _identities(
    tracks: TrackTable, files: Sequence[str]
) -> tuple[frozenset[str], tuple[Notice, ...]]:
    """Return the tracks of playlists and sessions, wherever they lie now, and what is unknown."""
    at = dict(zip(tracks.paths, tracks.identities, strict=True)) if files else {}
    found: set[str] = set()
    notes = []
    for file in files:
        if file.endswith(".json"):  # a session names the music itself, wherever it lies now
            session = session_json.load_session(file)
            found.update(slot.identity for slot in (*session.slots, *session.tail))
            continue
        entries = playlists.read_entries(file)
        folder = str(Path(file).parent)
        paths, lost = playlists.resolve_all(entries, folder, at.__contains__)
        if lost:
            notes.append(notice("not_in_library", count=len(lost), total=len(entries), file=file))
        found.update(at[path] for path in paths)
    return frozenset(found), tuple(notes)
