"""What differs between Linux, macOS and Windows: processes, signals, limits, disks and paths.

Each function takes the platform, as `sys.platform` names it, or what differs there, and is of the
running system by default: so all three are tested on any of them. Locks on the library file are
those of SQLite.
"""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

WINDOWS = "win32"
NEW_PROCESS_GROUP = 0x200  # CREATE_NEW_PROCESS_GROUP of the Windows API
WINDOWS_ERROR = 0xC000_0000  # exit codes from here on are errors, as an access violation (NTSTATUS)

PATIENCE_S = 2.0  # a wait for a folder that is longer is told
RETRY_S = 0.05

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Variables by which numpy, when it is loaded, starts no threads: on our small matrices these wait
for each other most of the time, which takes twice the CPU."""

FAULTS = "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS", "SIGTRAP"
"""Signals that a process brings upon itself; all others come from outside."""


def own_group(platform: str = sys.platform) -> dict[str, Any]:
    """Return the options of `Popen` by which Ctrl-C reaches the parent alone."""
    if platform == WINDOWS:
        return {"creationflags": NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def exit_reason(code: int, platform: str = sys.platform) -> Literal["crashed", "killed", "ended"]:
    """Return whether a process of this exit code crashed, was killed by others, or ended itself.

    A negative code is a signal; Windows has none, so that a killed process just ends there.
    """
    if platform == WINDOWS:
        return "crashed" if code >= WINDOWS_ERROR else "ended"
    import signal  # noqa: PLC0415 - `--help` does without

    if -code in {getattr(signal, name, None) for name in FAULTS}:
        return "crashed"
    return "killed" if code < 0 else "ended"


def limit_own_memory(most_bytes: int, platform: str = sys.platform) -> None:
    """Have the system refuse this process more memory, and end it first where memory runs out.

    Linux does both. macOS and Windows do neither: memory has to be watched from outside as well.
    """
    if platform == WINDOWS:
        return
    import resource  # noqa: PLC0415 - Windows has none

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
    if platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def drop_cached(descriptor: int) -> None:
    """Have an open file read from its medium and not from memory, where the system can do that."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Have the names in a folder reach its medium; Windows opens no folder, and needs no help."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def locked(
    path: str | os.PathLike[str],
    on_wait: Callable[[], None] | None = None,
    patience_s: float = PATIENCE_S,
    platform: str = sys.platform,
) -> Iterator[None]:
    """Hold a folder for this process alone, after waiting for others that hold it so.

    `on_wait` is called once where that takes longer than `patience_s`.
    It is not held where the file system has no such locks, nor on Windows.
    """
    if platform == WINDOWS:
        yield
        return
    import fcntl  # noqa: PLC0415 - Windows has none

    descriptor = os.open(path, os.O_RDONLY)
    try:
        until_s = time.monotonic() + patience_s
        with suppress(OSError):
            while not _is_taken(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB):
                if time.monotonic() >= until_s:
                    if on_wait is not None:
                        on_wait()
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                    break
                time.sleep(min(RETRY_S, patience_s))
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int, lock: int) -> bool:
    """Whether a lock was free, and is ours now; raises OSError where there are no locks."""
    import fcntl  # noqa: PLC0415 - Windows has none

    try:
        fcntl.flock(descriptor, lock)
    except BlockingIOError:
        return False
    return True


def host_digits() -> str:
    """Return four hexadecimal digits that tell this machine from most others."""
    import hashlib  # noqa: PLC0415 - `--help` does without
    import socket  # noqa: PLC0415

    return hashlib.blake2b(socket.gethostname().encode(), digest_size=2).hexdigest()


def is_running(pid: int) -> bool:
    """Whether a process of this machine is running."""
    import psutil  # noqa: PLC0415 - most commands need it not

    return bool(psutil.pid_exists(pid))


def process_usage(pid: int, platform: str = sys.platform) -> tuple[float, float]:
    """Return the seconds of the processor that a process has used, and its memory in 10^6 bytes.

    Both are 0 where it has ended. Linux tells both in two files, where others need a package that
    takes longer to load than a short file to decode.
    """
    if platform == "linux":
        with suppress(OSError, ValueError, IndexError):
            status = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
            spent_s = (int(status[11]) + int(status[12])) / os.sysconf("SC_CLK_TCK")
            return spent_s, pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        return 0.0, 0.0
    import psutil  # noqa: PLC0415 - see above

    try:
        process = psutil.Process(pid)
        spent, memory = process.cpu_times(), process.memory_info()
    except psutil.Error:
        return 0.0, 0.0
    return float(spent.user + spent.system), memory.rss / 1e6


def is_regular(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to a file, and not to a pipe or device, which may be waited for in vain.

    A folder counts as a file, because the system says more clearly what it is. Raises OSError.
    """
    mode = os.stat(path).st_mode  # noqa: PTH116 - names that need not be text
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def open_closed_streams() -> None:
    """Let standard streams that were closed lead nowhere, so that no file takes their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as we run


def is_within(path: str, folder: str, separator: str = os.sep) -> bool:
    """Whether an absolute path is a folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip(separator) + separator)
