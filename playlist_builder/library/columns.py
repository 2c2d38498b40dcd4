"""How values are kept in the columns of a library file: tags, features, contours, voices, marks.

Functions come in pairs, one that makes a column and one that reads it back. A column that no
command can have written raises one of `errors.INVALID_ROW`; only marks are read leniently,
because the user's bans must hold whatever else of a row is invalid.
"""

import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter, methodcaller
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playlist_builder.analysis import emotion, energy
from playlist_builder.analysis.step_features import STEP_FEATURES
from playlist_builder.language.text import encodable
from playlist_builder.language.translation import Phrase
from playlist_builder.library import packed
from playlist_builder.models import (
    KEYS,
    STYLE_SIZE,
    Embedding,
    Emotion,
    Features,
    Floats,
    Floats32,
    Ints,
    Mark,
    Tags,
    VoiceDetection,
    VoiceSpan,
)
from playlist_builder.tags.lyrics import LYRICS_VERSION
from playlist_builder.tracks.track_table import SCALARS, numbers_of
from playlist_builder.vocals import evidence

Row = tuple[Any, ...]  # path (bytes), identity, is missing, evidence of voices, title, other tags
DetectionRow = tuple[Any, ...]  # identity, verdict, confidence and spans
SCALAR_TYPE = np.dtype("<f8")
CONTOUR_TYPE = np.dtype("<f4")
START_TYPE = np.dtype("<f4")
EMOTIONS = 3  # numbers of a whole track in its column of emotion, before starts and tensions
LONGEST_S = 1e7  # more than any recording lasts: four months

_DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(Tags)}
_KINDS = {
    name: (int, float, type(None)) if default is None else (type(default),)
    for name, default in _DEFAULTS.items()
}
# What the next scan reads all tags again for: another field, or another reading of one.
TAG_NAMES = " ".join((*_DEFAULTS, f"lyrics-{LYRICS_VERSION}"))
_RECORDING_ID = '"musicbrainz_recording_id":'  # a quote inside of a tag is escaped
_VOICES = ("sung", "spoken")
_SPANS = (*_VOICES, "wordless", "people")
VOCALS_OF_MARKS = ("none", "wordless", *_VOICES)

path_of = methodcaller("decode", sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
"""`os.fsdecode` of bytes, without a line of Python for each."""


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingTable:
    """The embeddings of n recordings, ordered by identity.

    `patches` holds all patches one after the other, shape (sum of `counts`, STYLE_SIZE), and
    `starts_s` where each of them starts; a recording has `counts` of them.
    """

    identities: Sequence[str]
    counts: Ints
    starts_s: Floats32
    patches: NDArray[np.float16]

    def __iter__(self) -> Iterator[tuple[str, Embedding]]:
        """Yield each recording with its embedding."""
        ends = np.cumsum(self.counts)
        for identity, first, end in zip(self.identities, ends - self.counts, ends, strict=True):
            yield identity, Embedding(self.patches[first:end], self.starts_s[first:end])


def check_types(rows: Sequence[Row], kinds: Sequence[type]) -> None:
    """Raise TypeError where a column holds values of another type."""
    for place, kind in enumerate(kinds):
        if not set(map(type, map(itemgetter(place), rows))) <= {kind}:
            raise TypeError(f"not of type {kind.__name__}")


def tag_columns(tags: Tags) -> tuple[str, str]:
    """Return the title of a file, and its other tags as one text.

    One text is read much faster than a column for each tag, and few callers need its parts.
    """
    others = {name: getattr(tags, name) for name in _DEFAULTS if name != "title"}
    others = {name: value for name, value in others.items() if value != _DEFAULTS[name]}
    text = json.dumps(others, ensure_ascii=False, separators=(",", ":")) if others else ""
    return encodable(tags.title), encodable(text)


def tags_of(title: str, text: str) -> Tags:
    """Return the tags in columns of any version; raises TypeError where one is invalid."""
    values: dict[str, Any] = {}
    for name, value in {**(json.loads(text) if text else {}), "title": title}.items():
        if name in _KINDS:
            values[name] = _tag(name, value)
    return Tags(**values)


def reason_text(reason: str) -> str:
    """Return why a file was skipped as one text, of which `reason_of` makes the same phrase."""
    phrase = reason if isinstance(reason, Phrase) else Phrase(reason)
    return json.dumps(_parts(phrase)) if phrase.values else phrase.message


def _parts(phrase: Phrase) -> list[Any]:
    values = {
        name: _parts(value) if isinstance(value, Phrase) else value
        for name, value in phrase.values.items()
    }
    return [phrase.message, values]


def reason_of(text: str) -> Phrase:
    """Return why a file was skipped; earlier versions wrote it in English alone."""
    return _phrase(json.loads(text)) if text.startswith('["') else Phrase(text)


def _phrase(parts: list[Any]) -> Phrase:
    message, values = parts
    told = {
        name: _phrase(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Phrase(message, **told)


def recording_id_of(text: str) -> str:
    """Return the MusicBrainz recording id in the text of `tag_columns`, empty where it has none.

    The text is not parsed, which would take as long as all else that is read of a library. Versions
    differ in whether a space stands before the quote.
    """
    return text.partition(_RECORDING_ID)[2].partition('"')[2].partition('"')[0]


def some_tags(title: str, text: str, names: Sequence[str]) -> list[Any]:
    """Return the tags of these names, faster than all; raises TypeError where one is invalid."""
    values = json.loads(text) if text else {}
    values["title"] = title
    return [_tag(name, values[name]) if name in values else _DEFAULTS[name] for name in names]


def _tag(name: str, value: object) -> object:
    whole = tuple(value) if type(value) is list else value
    invalid = type(whole) not in _KINDS[name]
    if invalid or (type(whole) is tuple and not set(map(type, whole)) <= {str}):
        raise TypeError(f"not a value of the tag {name}")
    return whole


def evidence_text(tags: Tags) -> str:
    """Return the evidence of voices in tags as a column; mostly an empty text."""
    found = evidence.tag_evidence(tags)
    return "" if found == evidence.NO_EVIDENCE else json.dumps(found)


@lru_cache(maxsize=10_000)  # many files have the same
def evidence_of(text: str) -> evidence.TagEvidence:
    """Return what `evidence_text` made a text of."""
    return evidence.TagEvidence(*json.loads(text)) if text else evidence.NO_EVIDENCE


def scalars_blob(features: Features) -> bytes:
    """Return features as a column."""
    return numbers_of(features).astype(SCALAR_TYPE).tobytes()


def scalars_of(blobs: Sequence[bytes]) -> Floats:
    """Return the features of tracks as numbers, one row each."""
    numbers = joined_numbers(blobs, SCALAR_TYPE, len(SCALARS)).reshape(-1, len(SCALARS))
    lasts_s, keys = (numbers[:, SCALARS.index(name)] for name in ("duration_s", "key"))
    if not ((lasts_s > 0.0) & (lasts_s < LONGEST_S) & (keys >= -1) & (keys < len(KEYS))).all():
        raise ValueError("a length or key that no track has")
    return numbers


def score_blobs(
    steps: Sequence[NDArray[np.floating]], embeddings: Sequence[Embedding | None]
) -> list[tuple[bytes, bytes]]:
    """Return contour and emotion of tracks as columns; the latter is empty without embedding."""
    contours = energy.contours(steps, embeddings)
    embeddings = list(map(energy.sounding_part, embeddings, steps))
    return [
        (contour.astype(CONTOUR_TYPE).tobytes(), _emotion_blob(embedding))
        for contour, embedding in zip(contours, embeddings, strict=True)
    ]


def _emotion_blob(embedding: Embedding | None) -> bytes:
    if embedding is None or not len(embedding.patches):
        return b""
    found = emotion.estimate(embedding.patches)
    whole = found.tension, found.tension_spread, found.moving
    return np.concatenate([whole, embedding.starts_s, found.patches]).astype(START_TYPE).tobytes()


def emotion_of(blob: bytes, n_steps: int) -> Emotion | None:
    """Return the emotion of a track of so many steps from its column."""
    if not blob:
        return None
    values = np.frombuffer(blob, START_TYPE)
    tension, spread, moving = values[:EMOTIONS].tolist()
    starts_s, patches = values[EMOTIONS:].reshape(2, -1)
    return Emotion(tension, spread, emotion.contour(starts_s, patches, n_steps), moving)


def emotions_of(blobs: Sequence[bytes]) -> Floats:
    """Return tension, its spread and moving of tracks, shape (n, EMOTIONS), NaN without any."""
    found = np.full((len(blobs), EMOTIONS), np.nan)
    sizes = np.fromiter(map(len, blobs), np.int64, len(blobs))
    for size in np.unique(sizes[sizes > 0]).tolist():
        if size < (EMOTIONS + 2) * START_TYPE.itemsize or (size // START_TYPE.itemsize) % 2 == 0:
            raise ValueError("an emotion that is cut off")
        (places,) = np.nonzero(sizes == size)
        same = b"".join([blobs[place] for place in places.tolist()])
        found[places] = np.frombuffer(same, START_TYPE).reshape(len(places), -1)[:, :EMOTIONS]
    known = found[sizes > 0]
    if not ((known >= 0.0) & (known <= 1.0)).all():
        raise ValueError("an emotion that no track has")
    return found


def steps_of(blobs: Sequence[bytes]) -> list[NDArray[np.float16]]:
    """Return the steps of tracks from their columns, which `packed.pack` made."""
    found = packed.unpack_all(blobs, len(STEP_FEATURES))
    if not all(map(len, found)):
        raise ValueError("a track without steps")
    return found


def embedding_blobs(found: Embedding) -> tuple[bytes, bytes]:
    """Return the starts and the patches of an embedding as columns."""
    return found.starts_s.astype(START_TYPE).tobytes(), packed.pack(found.patches)


def embedding_of(starts: bytes | None, patches: bytes | None) -> Embedding | None:
    """Return the embedding of a recording from its columns, None where it has none."""
    if starts is None or patches is None:
        return None
    _, starts_s, values = embeddings_of([starts], [patches])
    return Embedding(values, starts_s)


def embeddings_of(
    starts: Sequence[bytes], patches: Sequence[bytes]
) -> tuple[Ints, Floats32, NDArray[np.float16]]:
    """Return how many patches each embedding has, and the starts and patches of all of them."""
    found = packed.unpack_all(patches, STYLE_SIZE)
    counts = list(map(len, found))
    for count, own in zip(counts, starts, strict=True):
        if len(own) != count * START_TYPE.itemsize:
            raise ValueError("an embedding that is cut off")
    starts_s = np.frombuffer(b"".join(starts), START_TYPE)
    values = np.concatenate([np.zeros((0, STYLE_SIZE), np.float16), *found])
    if not (np.isfinite(values).all() and ((starts_s >= 0.0) & (starts_s < LONGEST_S)).all()):
        raise ValueError("an embedding that no track has")
    return np.array(counts, np.int64), starts_s, values


def joined_numbers(
    blobs: Sequence[bytes], kind: np.dtype[Any], width: int | None = None
) -> NDArray[Any]:
    """Return many columns of numbers as one array; each has `width` numbers where that is given."""
    size = kind.itemsize
    lengths = set(map(len, blobs))
    if lengths - {size * (width or 0)} if width else any(n % size or not n for n in lengths):
        raise ValueError("a row of numbers that is cut off")
    numbers = np.frombuffer(b"".join(blobs), kind)
    if not np.isfinite(numbers).all():
        raise ValueError("a number that is not finite")
    return numbers


def spans_text(heard: VoiceDetection) -> str:
    """Return the spans of a detected voice as a column."""
    return json.dumps([dataclasses.astuple(span) for span in heard.spans])


def detection_of(row: DetectionRow) -> VoiceDetection:
    """Return what the voice detector found in a recording from its row."""
    _, verdict, confidence, spans = row
    found = () if spans == "[]" else tuple(VoiceSpan(*values) for values in json.loads(spans))
    for span in found:
        numbers = span.start_s, span.end_s, span.confidence
        if span.kind not in _SPANS or not set(map(type, numbers)) <= {int, float}:
            raise TypeError("not a span of a voice")
        if not 0.0 <= span.start_s <= span.end_s < LONGEST_S:
            raise ValueError("a span that no track has")
    return VoiceDetection(verdict, confidence, found)


def mark_of(values: Sequence[Any]) -> tuple[Mark, bool]:
    """Return a mark from its row without what is invalid, and whether all of it is valid."""
    energy, vocals, banned, note = values
    valid = (
        energy is None or (isinstance(energy, float) and 0.0 <= energy <= 1.0),
        vocals is None or vocals in VOCALS_OF_MARKS,
        banned in (0, 1),
        isinstance(note, str) and note.isprintable(),
    )
    mark = Mark(
        energy if valid[0] else None,
        vocals if valid[1] else None,
        bool(banned),  # also where invalid: what might be banned is not played
        note if valid[3] else "",
    )
    return mark, all(valid)
