"""Planned silences as tracks: a silent file each, so that any player plays them in their place."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from playlist_builder.audio.encode import RECORDING_FORMS, TRACK_FORMS, write_silence
from playlist_builder.models import Session, Silence, Slot

IDENTITY = "planned silence"  # of the tracks, which no library holds
TITLE = "Silence"
FORMS = {**TRACK_FORMS, "m4a": RECORDING_FORMS[".m4a"], "wav": RECORDING_FORMS[".wav"]}
USUAL_FORM = "mp3"  # which all play, where the music has none of these


@contextmanager
def as_tracks(session: Session, form: str | None) -> Iterator[Session]:
    """Give a session whose planned silences are tracks, with files that are there meanwhile.

    They have a `form` (a key of `encode.TRACK_FORMS`), else that of most of the music.
    """
    if not session.silences:
        yield session
        return
    own = form or _form_of_most([*session.slots, *session.tail])
    with tempfile.TemporaryDirectory(prefix="playlist-builder-") as folder:
        made: list[Slot] = []
        for number, silence in enumerate(session.silences):
            path = f"{folder}/{number}.{own}"
            write_silence(path, FORMS[own], silence.duration_s, {"title": TITLE})
            made.append(_slot(path, silence))
        ends_s = session.slots[-1].end_s
        slots = _in_time([*session.slots, *(each for each in made if each.start_s <= ends_s)])
        tail = _in_time([*session.tail, *(each for each in made if each.start_s > ends_s)])
        yield replace(session, slots=slots, tail=tail, silences=())


def _form_of_most(slots: Sequence[Slot]) -> str:
    suffixes = Counter(Path(slot.path).suffix.lower().removeprefix(".") for slot in slots)
    known = [suffix for suffix, _ in suffixes.most_common() if suffix in FORMS]
    return known[0] if known else USUAL_FORM


def _slot(path: str, silence: Silence) -> Slot:
    return Slot(
        path=path,
        identity=IDENTITY,
        title=TITLE,
        artist="",
        album="",
        start_s=silence.start_s,
        end_s=silence.end_s,
        phase=silence.phase,
        energy=0.0,
        target=0.0,
        vocals="none",
    )


def _in_time(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    return tuple(sorted(slots, key=lambda slot: (slot.start_s, slot.end_s)))
