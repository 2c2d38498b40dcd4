"""A list of works -> a session of the user's own music, in the order of the list.

Works that the user has play themselves; in place of the others plays what is nearest. The former
are pinned, so that no later change takes them out; the latter can be swapped like any track.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from playlist_builder.arranger.problem import Objective, percentiles_of
from playlist_builder.arranger.recordings import copies, repeated, spare_copies
from playlist_builder.arranger.rules import admit
from playlist_builder.errors import PlaylistError, ProfileError
from playlist_builder.language.notices import Notice, notice
from playlist_builder.library.library import Library
from playlist_builder.models import Session, Track
from playlist_builder.playlists.listed import ListedWork, WorkList, read_list
from playlist_builder.profiles.find import is_path
from playlist_builder.session_request import SessionRequest
from playlist_builder.sessions import preferences, presence
from playlist_builder.sessions.build import Holdings, Selection, no_tracks, profile_of, selected
from playlist_builder.sessions.draft import Draft, pool_of, session_of
from playlist_builder.sessions.matches import Found, Match, find
from playlist_builder.sessions.offers import Gaps, Offer, nearest, wanted_of
from playlist_builder.sessions.request import completed
from playlist_builder.tracks.track_table import TrackTable

USUAL_PROFILES = ("arc", "steady")  # the first that can be as short as the list
TITLES = 10  # that a notice names
USUAL_S = 300.0  # how long a work counts to be where neither the list nor a track tells


@dataclass(frozen=True, slots=True)
class Resolved:
    """The session of a list of works: whose copies the user has, and what plays for the others."""

    session: Session
    matches: tuple[Match, ...]
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is resolved: works in a folder, by a request, from what a library holds."""

    works: Sequence[ListedWork]
    scale: str
    name: str
    asked: SessionRequest
    held: Holdings
    profile_folders: Sequence[Path]

    @property
    def folder(self) -> str:
        """The folder of the list, to which the files that it names are relative."""
        return str(Path(self.name).absolute().parent)


def resolve(
    library: Library,
    path: str | os.PathLike[str],
    request: SessionRequest | None,
    *,
    folders: Sequence[Path] = (),
    place: str | None = None,
) -> Resolved:
    """Return the session of the list in a file, from what a library holds at a `place`.

    Of the `request` count its profile, scale, queries and rules; without it the profile is that of
    the list where it names one that is known and as short, else a usual one. The tail of a list is
    left out. Raises PlaylistError where nothing is listed, or nothing of it can be played.
    """
    listed = read_list(path)
    works = [work for work in listed.works if not work.is_tail]
    asked = request or _usual(listed, works, folders)
    asked = replace(asked, playlist=(), listed=(), pins=(), pinned=(), library=place)
    asked = completed(asked, folders=folders)
    held = Holdings.of(library, asked)
    if not len(held.within):
        raise no_tracks(held.waiting)
    task = _Task(works, listed.scale, os.fspath(path), asked, held, folders)
    resolved = _resolved(task)
    if not presence.missing_files(presence.files_of(resolved.session)):
        return resolved
    there, notes = presence.without_missing(held.within, most=presence.MOST_MISSING_NOW)
    resolved = _resolved(replace(task, held=replace(held, within=there)))
    session = resolved.session
    return replace(resolved, session=replace(session, warnings=(*session.warnings, *notes)))


def _resolved(task: _Task) -> Resolved:
    works, within = task.works, task.held.within
    banned = preferences.banned(task.held.past, task.held.every)
    table = within.take(np.array([own not in banned for own in within.identities], np.bool_))
    found = find(works, table, task.folder)
    own = {place: table[at] for place, (at, _) in sorted(found.tracks.items())}
    repeats = found.repeated | _again(own)
    own = {place: track for place, track in own.items() if place not in repeats}
    missing = [place for place in range(len(works)) if place not in own and place not in repeats]
    asked = replace(
        task.asked,
        pins=tuple(track.path for track in own.values()),
        pinned=tuple(track.identity for track in own.values()),
    )
    task = replace(task, asked=asked)
    lasts_s = sum(track.duration_s for track in own.values())
    lasts_s += sum(works[place].duration_s or USUAL_S for place in missing)
    selection, objective = _measured(task, lasts_s)
    pool = _pool(selection, objective)
    pool = pool.take(~repeated(pool, list(own.values())))
    spare = spare_copies(pool)
    pool = pool.take(np.array([place not in spare for place in range(len(pool))], np.bool_))
    gaps = Gaps(works, own, missing, _alike(missing, found, table, pool), task.scale)
    chosen = nearest(wanted_of(gaps, objective), pool, objective)
    offered = {
        place: tuple(pool[at] for at in places)
        for place, places in zip(missing, chosen, strict=True)
    }
    plays = own | {place: tracks[0] for place, tracks in offered.items() if tracks}
    if not plays:
        raise PlaylistError(
            "No work of {name!r} is in the library, and no track of it can stand in for"
            " one. Scan more music: playlist-builder scan FOLDER",
            name=task.name,
        )
    order = tuple(plays[place] for place in sorted(plays))
    session = session_of(_draft(order, *_measured(task, sum(track.duration_s for track in order))))
    matches = tuple(
        Match(place + 1, works[place], track, found.tracks[place][1])
        for place, track in own.items()
    )
    offers = tuple(Offer(place + 1, works[place], offered[place]) for place in missing)
    told = tuple(_notices(matches, offers, len(repeats)))
    return Resolved(replace(session, warnings=(*told, *session.warnings)), matches, offers)


def _again(own: Mapping[int, Track]) -> set[int]:
    """Return the places whose recording plays at an earlier place, as a copy under another name."""
    places = list(own)
    groups = copies(list(own.values()))
    return {places[each] for group in groups for each in sorted(group)[1:]}


def _usual(
    listed: WorkList, works: Sequence[ListedWork], folders: Sequence[Path]
) -> SessionRequest:
    """Return the request for the profile of a list, or for a usual one that can be as short."""
    lasts_s = sum(work.duration_s or USUAL_S for work in works)
    # A path that a stranger wrote into a list is not opened.
    named = "" if is_path(listed.profile) else listed.profile
    for profile in filter(None, (named, *USUAL_PROFILES)):
        request = SessionRequest(profile)
        try:
            profile_of(request, folders=folders).scaled(lasts_s)
        except ProfileError:
            continue
        return request
    return SessionRequest(USUAL_PROFILES[0])


def _measured(task: _Task, lasts_s: float) -> tuple[Selection, Objective]:
    """Return what a request for so many seconds selects, and how sessions of it are measured."""
    asked = replace(task.asked, duration_s=lasts_s)
    profile = profile_of(asked, folders=task.profile_folders)
    selection = selected(asked, profile, task.held)
    percentiles = percentiles_of(selection.tracks, asked.scale)
    return selection, Objective(profile, selection.constraints, percentiles)


def _pool(selection: Selection, objective: Objective) -> TrackTable:
    """Return the tracks that may stand in: all that pass the rules, however long they are."""
    constraints = objective.constraints.with_queries(objective.rules)
    passed, _ = admit(selection.tracks, objective.rules, constraints, math.inf)
    return selection.tracks.take(passed)


def _alike(
    missing: Sequence[int], found: Found, table: TrackTable, pool: TrackTable
) -> list[list[int]]:
    """Return for each missing work the places of the pool whose tracks have its very name."""
    at = {identity: place for place, identity in enumerate(pool.identities)}
    names = table.identities
    return [
        [at[names[place]] for place in found.alike.get(work, ()) if names[place] in at]
        for work in missing
    ]


def _draft(order: tuple[Track, ...], selection: Selection, objective: Objective) -> Draft:
    pool = pool_of(selection.tracks, objective)
    return Draft(
        order=order,
        pool=pool,
        objective=objective,
        pins=tuple(zip(selection.constraints.pins, selection.request.pinned, strict=True)),
        request=selection.request,
        max_energy=float(pool.energy.max(initial=0.0)),
    )


def _notices(matches: Sequence[Match], offers: Sequence[Offer], repeats: int) -> Iterator[Notice]:
    """Yield how many works are found, which are not, and what is left out."""
    yield notice("works_found", count=len(matches), total=len(matches) + len(offers))
    for code, some in (
        ("works_offered", [each for each in offers if each.tracks]),
        ("works_left_out", [each for each in offers if not each.tracks]),
    ):
        if some:
            titles = tuple(each.work.title or f"{each.number}" for each in some[:TITLES])
            more = "_and_more" if len(some) > TITLES else ""
            yield notice(code + more, count=len(some), titles=titles)
    if repeats:
        yield notice("repeated", count=repeats)
