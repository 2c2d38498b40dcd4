"""The Fourier transform of real samples in single precision: the compiled part of SciPy, alone.

`import scipy.fft` takes a sixth of a second in every process that decodes, nearly all of it for
special functions and array libraries that a transform has no use for. The part that transforms
depends on none of them and is loaded by itself; where SciPy has it elsewhere, `scipy.fft` is used.
"""

from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playlist_builder.models import Floats32

FOLDER, COMPILED = "fft/_pocketfft", "pypocketfft"  # within SciPy 1.4 and later


def rfft(rows: Floats32) -> NDArray[np.complex64]:
    """Return the transform along the last axis: (..., n) becomes (..., n // 2 + 1).

    Four rows at once take as long as a single one.
    """
    compiled = compiled_part()
    if compiled is None:
        import scipy.fft  # noqa: PLC0415 - see above

        return np.asarray(scipy.fft.rfft(rows))
    transformed: NDArray[np.complex64] = compiled.r2c(rows, (rows.ndim - 1,))
    return transformed


def fast_length(least: int) -> int:
    """Return the smallest length of small prime factors, of which the transform is fast."""
    compiled = compiled_part()
    if compiled is None:
        import scipy.fft  # noqa: PLC0415 - see above

        return int(scipy.fft.next_fast_len(least, real=True))
    return int(compiled.good_size(least, True))  # noqa: FBT003 - of real samples


@cache
def compiled_part() -> Any:  # noqa: ANN401 - it is not typed
    """Return what transforms, None where SciPy has it elsewhere."""
    package = find_spec("scipy")
    for folder in package.submodule_search_locations or () if package is not None else ():
        found = PathFinder.find_spec(COMPILED, [f"{folder}/{FOLDER}"])
        if found is None or found.loader is None:
            continue
        try:
            module = module_from_spec(found)
            found.loader.exec_module(module)
        except ImportError:
            return None
        return module if hasattr(module, "r2c") and hasattr(module, "good_size") else None
    return None
