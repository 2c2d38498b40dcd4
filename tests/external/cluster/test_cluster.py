"""Scanning on a cluster gives the same library, and loses nothing when workers are killed."""

import importlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from playlist_builder.audio import encode
from playlist_builder.errors import ClusterError
from playlist_builder.library.library import Library
from playlist_builder.library.scan.processes import WorkerLost
from tests.support.parts import needs

pytestmark = needs("distributed")

with suppress(ModuleNotFoundError):  # the tests are skipped then
    import distributed

    import playlist_builder.library.scan.dask_cluster
    from playlist_builder.library.scan.dask_cluster import Cluster

DASK = Path(sysconfig.get_path("scripts")) / "dask"
SECONDS = 30
TRACKS = 16


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Tracks that take a while, and one file that is none."""
    folder = tmp_path_factory.mktemp("music")
    rng = np.random.default_rng(0)
    for number in range(TRACKS):
        noise = rng.standard_normal((2, SECONDS * 44100)) * 0.01 * (number + 1)
        samples = noise.astype(np.float32)
        encode.write_flac(f"{folder}/{number}.flac", samples, 44100, {"title": f"Piece {number}"})
    (folder / "none.mp3").write_bytes(b"not audio")
    return folder


@contextmanager
def service(*words):
    with subprocess.Popen(
        [DASK, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            for each in (*psutil.Process(process.pid).children(recursive=True), process):
                each.kill()


@contextmanager
def cluster(count, tmp_path):
    """Run a scheduler and worker processes on this machine; yields the address."""
    told = tmp_path / "scheduler.json"
    files = ("--scheduler-file", os.fspath(told))
    with service("scheduler", "--port", "0", "--no-dashboard", *files):
        while not (told.exists() and told.read_text()):
            time.sleep(0.05)
        once = ("--nworkers", str(count), "--nthreads", "1", "--no-dashboard")
        place = ("--local-directory", os.fspath(tmp_path))
        address = json.loads(told.read_text())["address"]
        with service("worker", *files, *once, *place) if count else nullcontext():
            with distributed.Client(address, set_as_default=False) as client:
                client.wait_for_workers(count, timeout=120) if count else None
            yield address


NUMBERS = {  # what networks make differs in the last bits with the threads of a matrix product
    "embeddings": {"patches": "<f2"},
    "features": {"contour": "<f4", "emotion": "<f4"},
}


def content(library):
    """All rows of all tables of a library file, but for the name by which a backup knows it.

    NUMBERS are apart, joined into one array for each column.
    """
    with closing(sqlite3.connect(library)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        names = {name for (name,) in connection.execute(query)} - {"revision"}
        assert {"files", "features", "heard", "skipped"} <= names
        rows, numbers = {}, {}
        for name in names:
            found = connection.execute(f"SELECT * FROM {name}")  # noqa: S608 - own names
            columns = [each[0] for each in found.description]
            table = sorted(found.fetchall(), key=lambda row: repr(row[0]))
            for column, kind in NUMBERS.get(name, {}).items():
                place = columns.index(column)
                joined = b"".join(row[place] for row in table)
                numbers[column] = np.frombuffer(joined, kind).astype(float)
                table = [(*row[:place], len(row[place]), *row[place + 1 :]) for row in table]
            rows[name] = sorted(table, key=repr)
    return rows, numbers


def assert_same(library, expected):
    """That a library holds what is expected."""
    rows, numbers = content(library)
    assert rows == expected[0]
    for column, values in numbers.items():
        np.testing.assert_allclose(values, expected[1][column], atol=0.02)


@pytest.fixture(scope="module")
def expected(music, tmp_path_factory):
    """What our own processes make of the music."""
    file = tmp_path_factory.mktemp("own") / "library.db"
    with Library.open(file) as library:
        report = library.scan(music)
    assert (report.analysed, len(report.skipped)) == (TRACKS, 1)
    return content(file)


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "playlist_builder", *map(os.fspath, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_cluster_finds_the_same(music, expected, tmp_path):
    """Two worker processes make the same library, row by row, as the process pool."""
    file = tmp_path / "library.db"
    with cluster(2, tmp_path) as address:
        done = run("scan", music, "--scheduler", address, "--library", file)
    assert done.returncode == 0, done.stderr
    assert_same(file, expected)


def test_killed_worker_costs_only_what_it_was_doing(music, expected, tmp_path):
    """With a worker killed half way, whatever it was doing is done by the other one."""
    file = tmp_path / "library.db"
    killed = []

    def kill_half_way(progress):
        if progress.done == TRACKS // 2:
            killed.append(kill_one())

    with cluster(2, tmp_path) as address, Cluster(address, [os.fspath(music)]) as executor:
        pids = executor._client.run(os.getpid)  # noqa: SLF001 - whom to kill

        def kill_one():
            pid = next(iter(pids.values()))
            os.kill(pid, signal.SIGKILL)
            return pid

        with Library.open(file) as library:
            report = library.scan(
                music, executor=executor, jobs=executor.jobs, progress=kill_half_way
            )
    assert killed
    assert (report.analysed, len(report.skipped)) == (TRACKS, 1)
    assert_same(file, expected)


def test_executors_of_the_standard_library_find_the_same(music, expected, tmp_path):
    """Any executor will do."""
    for number, kind in enumerate((ThreadPoolExecutor, ProcessPoolExecutor)):
        file = tmp_path / f"{number}.db"
        with kind(2) as executor, Library.open(file) as library:
            library.scan(music, executor=executor)
        assert_same(file, expected)


def test_executor_of_dask_itself(music, expected, tmp_path):
    """The executor that a client of dask gives will do as well."""
    file = tmp_path / "library.db"
    with (
        cluster(2, tmp_path) as address,
        distributed.Client(address, set_as_default=False) as client,
        Library.open(file) as library,
    ):
        library.scan(music, executor=client.get_executor(pure=False), jobs=2)
    assert_same(file, expected)


def test_call_that_kills_workers_is_given_up(tmp_path):
    """What takes worker after worker with it fails alone, and the others go on."""
    script = tmp_path / "deadly_call.py"
    script.write_text(
        "import os, signal, time\n"
        "def deadly():\n    os.kill(os.getppid(), signal.SIGKILL)\n    time.sleep(60)\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.fspath(tmp_path), prepend=os.pathsep)
        patch.syspath_prepend(tmp_path)
        deadly = importlib.import_module("deadly_call").deadly
        with cluster(2, tmp_path) as address, Cluster(address) as executor:
            bad, good = executor.submit(deadly), executor.submit(pow, 2, 5)
            assert good.result(120) == 32
            with pytest.raises(WorkerLost, match="again and again"):
                bad.result(120)
            assert executor.submit(pow, 2, 6).result(120) == 64


def test_scheduler_that_goes_is_one_line_and_loses_nothing(music, tmp_path):
    """A scheduler that is killed half way ends the scan; what was scanned is kept."""
    file = tmp_path / "library.db"
    with (
        cluster(2, tmp_path) as address,
        Cluster(address) as executor,
        Library.open(file) as library,
    ):
        pid = executor._client.run_on_scheduler(os.getpid)  # noqa: SLF001 - whom to kill

        def kill_half_way(progress):
            if progress.done == TRACKS // 2:
                os.kill(pid, signal.SIGKILL)

        with pytest.raises(ClusterError, match=r"has gone\. What was scanned is kept"):
            library.scan(music, executor=executor, jobs=executor.jobs, progress=kill_half_way)
        assert len(library.tracks()) >= TRACKS // 2 - 1


def test_scheduler_that_goes_is_told_by_us_alone(music, tmp_path):
    """What dask has to say about its scheduler that has gone is not shown to anybody."""
    file = tmp_path / "library.db"
    with cluster(1, tmp_path) as address:
        with distributed.Client(address, set_as_default=False) as client:
            pid = client.run_on_scheduler(os.getpid)
        words = [sys.executable, "-m", "playlist_builder", "scan", music]
        words += ["--scheduler", address, "--library", file]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as scan:
            while not stored(file):
                assert scan.poll() is None, "the scan ended before its first track"
                time.sleep(0.05)
            os.kill(pid, signal.SIGKILL)
            _, told = scan.communicate(timeout=120)
    assert (scan.returncode, told.count("\n")) == (1, 1), told
    assert "has gone. What was scanned is kept" in told


def test_workers_that_go_for_good_are_one_line(music, tmp_path, monkeypatch):
    """Where nobody is left to work, the scan ends after a while; what was scanned is kept."""
    monkeypatch.setattr(playlist_builder.library.scan.dask_cluster, "NO_WORKERS_S", 3.0)
    file = tmp_path / "library.db"
    with (
        cluster(1, tmp_path) as address,
        Cluster(address) as executor,
        Library.open(file) as library,
    ):
        (pid,) = executor._client.run(os.getpid).values()  # noqa: SLF001 - whom to kill

        def kill_half_way(progress):
            if progress.done == TRACKS // 2:
                for each in (psutil.Process(pid).parent(), psutil.Process(pid)):
                    each.kill()

        with pytest.raises(ClusterError, match=r"^The workers .* have gone\. What was .* is kept"):
            library.scan(music, executor=executor, jobs=executor.jobs, progress=kill_half_way)
        assert len(library.tracks()) >= TRACKS // 2 - 1


def test_somebody_who_listens_and_says_nothing_is_one_line(tmp_path):
    """An address that takes connections and never answers is given up."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        done = run("scan", tmp_path, "--scheduler", address, "--library", tmp_path / "library.db")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("Error: No dask scheduler answers at")


def test_other_version_is_refused(tmp_path, monkeypatch):
    """A worker that would measure otherwise is refused before it does."""
    with cluster(1, tmp_path) as address:
        monkeypatch.setattr(playlist_builder.library.scan.dask_cluster, "FEATURES_VERSION", 999)
        with pytest.raises(ClusterError, match=r"has playlist_builder .*Install the same there"):
            Cluster(address)


def test_worker_that_joins_later_with_another_version_stores_nothing(music, tmp_path, monkeypatch):
    """A track that met the wrong version is skipped, and tried again by the next scan."""
    file = tmp_path / "library.db"
    with cluster(1, tmp_path) as address, Library.open(file) as library:
        with Cluster(address) as executor:
            monkeypatch.setattr(playlist_builder.library.scan.dask_cluster, "FEATURES_VERSION", 999)
            report = library.scan(music, executor=executor)
        assert len(report.skipped) == TRACKS + 1
        assert "is another one on a worker" in report.skipped[0].reason
        assert library.scan(music).analysed == TRACKS


def test_folder_that_a_worker_does_not_see(tmp_path):
    """A folder that is missing on a machine is told at once."""
    refused = pytest.raises(ClusterError, match=r"sees no /nowhere\. Mount it there")
    with cluster(1, tmp_path) as address, refused:
        Cluster(address, ["/nowhere"])


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "foo", "http://127.0.0.1:1/"])
def test_no_scheduler_is_one_line(address, tmp_path):
    """Where no scheduler answers, one line says so."""
    done = run("scan", tmp_path, "--scheduler", address, "--library", tmp_path / "library.db")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: No dask scheduler answers at")
    assert done.stderr.count("\n") == 1


def test_scheduler_without_workers_is_one_line(tmp_path):
    """A scheduler that has nobody to work is told, with what to do."""
    with cluster(0, tmp_path) as address:
        done = run("scan", tmp_path, "--scheduler", address, "--library", tmp_path / "library.db")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "has no workers. Start some: dask worker" in done.stderr


def test_interrupting_lets_go_of_the_cluster(music, tmp_path):
    """Ctrl-C ends the scan within moments, and the cluster has nothing left to do."""
    file = tmp_path / "library.db"
    with cluster(1, tmp_path) as address:
        words = [sys.executable, "-m", "playlist_builder", "scan", music]
        words += ["--scheduler", address, "--library", file]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as scan:
            while not stored(file):
                assert scan.poll() is None, "the scan ended before its first track"
                time.sleep(0.05)
            scan.send_signal(signal.SIGINT)
            _, told = scan.communicate(timeout=120)
        assert scan.returncode == 130
        assert "Traceback" not in told
        with distributed.Client(address, set_as_default=False) as client:
            while any(client.processing().values()):
                time.sleep(0.1)
    assert 0 < stored(file) < TRACKS


def stored(file):
    """Tracks in a library that another process writes."""
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file, timeout=120)) as connection:
        try:
            return connection.execute("SELECT count(*) FROM features").fetchone()[0]
        except sqlite3.OperationalError:  # not laid out yet
            return 0
