"""How much memory one process of a scan takes at most, with and without networks; one JSON line.

    python -m tests.benchmarks.analysis_memory FILE...

Each file, best one of hours, is analysed in a fresh process, as a scan would do it.
Figures are MB of resident memory (1 MB = 1,000,000 bytes).
"""

import json
import resource
import sys
from pathlib import Path

from playlist_builder.library.scan import analyse_file
from playlist_builder.library.scan.processes import Workers

LIMIT_S = 3600.0
UNIT = 1 if sys.platform == "darwin" else 1024  # of `ru_maxrss`, in bytes


def peak_mb(path: str, *, listen: bool) -> float:
    """Return the most memory that a process took for one file."""
    workers = Workers(1, limit_s=LIMIT_S)
    try:
        outcome = workers.submit(analyse_file.analyse, path, listen, listen).result()
        assert outcome.measured is not None, outcome
        used = workers.submit(resource.getrusage, resource.RUSAGE_SELF).result()
    finally:
        workers.shutdown()
    return round(used.ru_maxrss * UNIT / 1e6, 1)


def main() -> None:
    """Print the figures."""
    files = {
        Path(path).name: {
            "without_networks": peak_mb(path, listen=False),
            "everything": peak_mb(path, listen=True),
        }
        for path in sys.argv[1:]
    }
    most = max(file["everything"] for file in files.values())
    report = {"benchmark": "analysis_memory", "peak_mb": most, "files": files}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
