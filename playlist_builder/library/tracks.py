"""The rows of a library file to a `TrackTable`: measurements, tags, voices and marks together.

What the user answered about pairs corrects the scores of all tracks (see `calibration`). A mark is
stronger: its energy shifts the whole contour, its vocals are believed. Each track is made when it
is taken out of the table.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import calibration, energy
from playlist_builder.files.system import is_within
from playlist_builder.library.calibration import Scores, scores_of, shifts
from playlist_builder.library.columns import (
    DetectionRow,
    Row,
    detection_of,
    emotion_of,
    evidence_of,
    path_of,
    recording_id_of,
    some_tags,
    tags_of,
)
from playlist_builder.library.database import Database
from playlist_builder.library.errors import INVALID_ROW, decoding
from playlist_builder.library.packed import unpack_all
from playlist_builder.library.scoring import BUILT_IN, Scoring
from playlist_builder.models import STYLE_SIZE, Emotion, Floats, Floats32, Ints, Mark, Track, Vocals
from playlist_builder.tracks.track_table import VOCALS, Columns, TrackTable, features_of
from playlist_builder.vocals import evidence

SPREAD, MOVING = 1, 2  # columns of `FeatureTable.emotions`
_NUMBER_OF_VOCALS = {kind: number for number, kind in enumerate(VOCALS)}
UNKNOWN = _NUMBER_OF_VOCALS["unknown"]


def read_tracks(  # noqa: PLR0913 - each narrows what is read in a way of its own
    database: Database,
    *,
    missing: bool,
    identity: str | None = None,
    path: str | None = None,
    folders: Sequence[str] = (),
    styles: bool = False,
    scoring: Scoring = BUILT_IN,
) -> TrackTable:
    """Return the recordings of a library by path; or one of them, under one of its paths.

    Those whose every file has vanished are in it only with `missing`. Of `folders`, those of which
    a file lies in one of them, under the path that it has there. Styles are known only where
    they are asked for: they are large, and few callers need them. They are decoded when needed.
    `scoring` says where the energies come from.
    """
    features, marks = scoring.features(database, identity), database.marks(identity)
    detections = database.detections(identity)
    place = dict(zip(features.identities, range(len(features.identities)), strict=True))
    every = database.track_rows(identity)
    if path is not None:
        every = [row for row in every if os.fsdecode(row[0]) == path]
    if folders:
        every = [row for row in every if _is_in(os.fsdecode(row[0]), folders)]
    paths, rows, own = _one_each(every, place, missing=missing)
    identities, gone, titles = ([row[column] for row in rows] for column in (1, 2, 4))
    scores = scores_of(features)
    moved = shifts(database, scores, scoring)
    own_marks = {place[own]: marks[own] for own in place.keys() & marks}
    values, levels = _energies(scores, moved.get("calmer"), own_marks)
    with decoding(database.path):
        vocals = _detected(detections, place)[own].tolist()
        for number, row in enumerate(rows):
            if row[3] or row[1] in marks:  # few have either
                verdict = _verdict(row, marks.get(row[1]), detections.get(row[1]))
                vocals[number] = _NUMBER_OF_VOCALS[verdict]
    blobs_of_style = database.style_blobs(identity) if styles else {}
    blobs, tenser = features.emotion_blobs, moved.get("tenser")

    def tags(number: int, names: Sequence[str]) -> list[Any]:
        *_, title, text = rows[number]
        try:
            return some_tags(title, text, names)
        except INVALID_ROW:  # entering `decoding` for each costs as much as its tags
            with decoding(database.path):
                raise

    columns = Columns(
        paths=paths,
        identities=identities,
        titles=titles,
        recording_id=lambda number: recording_id_of(rows[number][5]),
        energy=levels[own],
        scalars=features.scalars[own],
        values=values,
        offset=(np.cumsum(features.counts) - features.counts)[own],
        count=features.counts[own],
        vocals=np.array(vocals, np.int8),
        banned=np.isin(own, [place for place, mark in own_marks.items() if mark.banned]),
        missing=np.array(gone, np.int64) != 0,
        rank=own,
        tension=_shifted(scores.tension, tenser)[own],
        tension_spread=features.emotions[own, SPREAD],
        moving=features.emotions[own, MOVING],
        style=partial(_styles, database.path, blobs_of_style, identities) if styles else None,
        tags=tags,
    )

    def make(number: int) -> Track:
        _, name, missing, _, title, tags = rows[number]
        first, count = columns.offset[number], int(columns.count[number])
        try:
            return Track(
                path=paths[number],
                identity=name,
                tags=tags_of(title, tags),
                features=features_of(columns.scalars[number].tolist()),
                energy=float(columns.energy[number]),
                contour=values[first : first + count],
                vocals=VOCALS[vocals[number]],
                mark=marks.get(name, Mark()),
                missing=missing != 0,
                heard=detection_of(detections[name]) if name in detections else None,
                emotion=_moved(emotion_of(blobs[own[number]], count), tenser, own[number]),
                style=_style_of(columns, number),
            )
        except INVALID_ROW:  # as above
            with decoding(database.path):
                raise

    return TrackTable(columns, make)


def _energies(
    scores: Scores, moved: Floats | None, marks: Mapping[int, Mark]
) -> tuple[NDArray[np.float32], Floats]:
    """Return all contours and the energy of each track.

    Both are moved by the logits of a calibration, then shifted to what the track's mark asks for.
    """
    counts, values, levels = scores.features.counts, scores.features.values.copy(), scores.energy
    if moved is not None:
        values = calibration.shifted(values, np.repeat(moved.astype(np.float32), counts))
        levels = energy.means(values, counts)
    ends, levels = np.cumsum(counts), levels.copy()
    for number, mark in marks.items():
        if mark.energy is not None:
            own = slice(ends[number] - counts[number], ends[number])
            values[own] = np.clip(values[own] + np.float32(mark.energy - levels[number]), 0.0, 1.0)
            levels[number] = mark.energy
    return values, levels


def _moved(found: Emotion | None, moved: Floats | None, place: int) -> Emotion | None:
    """Return an emotion with the tension that a calibration makes of it."""
    if found is None or moved is None:
        return found
    before = np.append(found.tension_contour, np.float32(found.tension))
    after = calibration.shifted(before, np.full(len(before), moved[place], np.float32))
    return replace(found, tension=float(after[-1]), tension_contour=after[:-1])


def _styles(
    path: str, blobs: Mapping[str, bytes], identities: Sequence[str], places: Ints
) -> Floats32:
    """Return the mean of the patches of recordings at places, shape (n, STYLE_SIZE), or NaN."""
    found = np.full((len(places), STYLE_SIZE), np.nan, np.float32)
    names = enumerate(identities[place] for place in places.tolist())
    known = [(row, blobs[name]) for row, name in names if name in blobs]
    with decoding(path):
        patches = unpack_all([blob for _, blob in known], STYLE_SIZE)
    for (row, _), own in zip(known, patches, strict=True):
        if len(own):
            found[row] = own.mean(axis=0, dtype=np.float32)
    return found


def _style_of(columns: Columns, number: int) -> Floats32 | None:
    if columns.style is None:
        return None
    style = columns.style(np.array([number]))[0]
    return None if np.isnan(style).any() else style


def _shifted(scores: Floats, moved: Floats | None) -> Floats:
    return scores if moved is None else calibration.shifted(scores, moved)


def _is_in(path: str, folders: Sequence[str]) -> bool:
    return any(is_within(path, folder) for folder in folders)


def _one_each(
    rows: Sequence[Row], measured: Mapping[str, int], *, missing: bool
) -> tuple[list[str], list[Row], Ints]:
    """Return the paths and rows of recordings by path, and what `measured` says of each.

    Of several paths of one recording it is the first that exists. Numbers are compared, as looking
    up each identity takes as long as reading it.
    """
    own = np.array([measured.get(row[1], -1) for row in rows], np.int64)
    is_gone = np.array([row[2] for row in rows], np.int64) != 0
    (wanted,) = np.nonzero((own >= 0) & (missing | ~is_gone))
    wanted = wanted[np.argsort(is_gone[wanted], kind="stable")]
    wanted = np.sort(wanted[np.unique(own[wanted], return_index=True)[1]])
    paths = [path_of(rows[number][0]) for number in wanted.tolist()]
    order = sorted(range(len(paths)), key=paths.__getitem__)
    wanted, paths = wanted[order], [paths[place] for place in order]
    return paths, [rows[number] for number in wanted.tolist()], own[wanted]


def _detected(detections: Mapping[str, DetectionRow], place: Mapping[str, int]) -> NDArray[np.int8]:
    """Return what the detector says of voices in each recording, by its place."""
    found = np.full(len(place) + 1, UNKNOWN, np.int8)  # the last one stands for all others
    places = [place.get(name, -1) for name in detections]
    found[places] = [_NUMBER_OF_VOCALS[row[1]] for row in detections.values()]
    return found


def _verdict(row: Row, mark: Mark | None, detection: DetectionRow | None) -> Vocals:
    if mark is not None and mark.vocals is not None:
        return mark.vocals
    verdict: Vocals = "unknown" if detection is None else detection[1]
    confidence = 0.0 if detection is None else detection[2]
    return evidence.verdict(evidence_of(row[3]), verdict, confidence) if row[3] else verdict
