"""A file of weights to arrays; everything in it is validated, for a damaged one must not be run."""

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from playlist_builder.errors import ModelError
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Floats32

LARGEST_FILE = 8_000_000
_DAMAGE = (  # what numpy and zipfile raise for a damaged file
    *(OSError, EOFError, KeyError, ValueError, AttributeError, TypeError, RuntimeError),
    *(MemoryError, SyntaxError, zipfile.BadZipFile, zlib.error),
)


def load(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats32]:
    """Return the arrays of these names and shapes; raises `ModelError` where one is not valid."""
    found: dict[str, Floats32] = {}
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ModelError("{path}: too large for the weights of a network", path=path)
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            for name, shape in shapes.items():
                values = data[name]
                if values.shape != shape or values.dtype not in (np.float16, np.float32):
                    raise ModelError(
                        "{path}: {name} has a wrong shape or type", path=path, name=name
                    )
                found[name] = np.ascontiguousarray(values, np.float32)
                if not np.isfinite(found[name]).all():
                    raise ModelError(
                        "{path}: {name} contains values that are not finite", path=path, name=name
                    )
    except FileNotFoundError as error:
        raise ModelError("{path}: missing", path=path) from error
    except _DAMAGE as error:
        raise ModelError("{path}: damaged, or not the weights of a network", path=path) from error
    return found


def load_error(model: Callable[[], object]) -> str:
    """Return one line on why a network cannot be used, empty where it can."""
    try:
        model()
    except ModelError as error:
        return Phrase("{error}. Install playlist-builder again", error=error)
    return ""
