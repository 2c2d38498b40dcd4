"""One file as a track, without a library: as a scan would keep it and a library read it back."""

import os

import numpy as np

from playlist_builder import checked
from playlist_builder.errors import AudioError
from playlist_builder.library import columns, packed
from playlist_builder.library.scan.analyse_file import analyse
from playlist_builder.library.scan.file_state import FileResult
from playlist_builder.library.scoring import Scorer, contour_of
from playlist_builder.models import Embedding, File, Floats32, Measurement, Skipped, Track
from playlist_builder.networks import music
from playlist_builder.vocals import detector, evidence


@checked.takes(path=checked.path, vocals=checked.flag, embedding=checked.flag)
def analyse_file(
    path: str | os.PathLike[str],
    *,
    vocals: bool = True,
    embedding: bool = True,
    scorer: Scorer | None = None,
) -> Track:
    """Return the track in a music file: tags, features, energy, and what is heard of voices.

    With `vocals` it is analysed for voices, with `embedding` for style and tension, where these
    parts are installed. `scorer` gives it another energy than the built-in one. Decoding happens in
    this process, in one thread. Raises AudioError, whose text is the reason, for a file that cannot
    be read as music.
    """
    name = os.path.abspath(os.path.expanduser(os.fspath(path)))
    result = analyse(
        name, vocals and not detector.model_error(), embedding and not music.model_error()
    )
    if isinstance(result.found, Skipped):
        raise AudioError(result.found.reason)
    if result.measured is None:
        raise AssertionError("a file that was analysed was measured")
    return _track(result.found, result.measured, result, scorer)


def _track(file: File, measured: Measurement, result: FileResult, scorer: Scorer | None) -> Track:
    steps = packed.unpack(packed.pack(measured.steps), measured.steps.shape[1])
    kept = Measurement(measured.features, steps)
    embedding = result.embedding and columns.embedding_of(
        *columns.embedding_blobs(result.embedding)
    )
    ((contour_blob, emotion_blob),) = columns.score_blobs([steps], [embedding])
    contour = np.frombuffer(contour_blob, columns.CONTOUR_TYPE)
    if scorer is not None:
        contour = contour_of(scorer, kept, embedding, file.path)
    heard = result.heard
    return Track(
        path=file.path,
        identity=file.identity,
        tags=file.tags,
        features=measured.features,
        energy=float(contour.astype(np.float64).mean()),
        contour=contour,
        vocals=evidence.verdict(
            evidence.tag_evidence(file.tags),
            heard.verdict if heard else "unknown",
            heard.confidence if heard else 0.0,
        ),
        heard=heard,
        emotion=columns.emotion_of(emotion_blob, len(steps)),
        style=_style(embedding),
    )


def _style(embedding: Embedding | None) -> Floats32 | None:
    if embedding is None or not len(embedding.patches):
        return None
    style: Floats32 = embedding.patches.mean(axis=0, dtype=np.float32)
    return style
