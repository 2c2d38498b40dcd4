"""What is costly to make is made once, by whichever process of a run needs it first."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE_S = 300.0


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of that name, which `make` has filled for all processes of this run."""
    base = factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / f"once-{name}"
    done = folder / "done"
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + PATIENCE_S
        while not done.exists():
            assert time.monotonic() < deadline, f"{folder} was not finished"
            time.sleep(0.1)
    else:
        make(folder)
        done.touch()
    return folder
