"""What of scanning on a cluster can be seen without one."""

import os
from contextlib import suppress

import pytest

from playlist_builder.errors import ClusterError
from playlist_builder.library.scan.processes import WorkerLost
from tests.support.parts import needs

with suppress(ImportError):
    from playlist_builder.library.scan import dask_cluster
    from playlist_builder.library.scan.dask_cluster import Cluster, incompatibility, run_on_worker

pytestmark = [needs("distributed"), pytest.mark.cluster]

VERSION = "1.0 (features 2, voices 3, embeddings 4)"


@pytest.fixture(autouse=True)
def _version(monkeypatch):
    monkeypatch.setattr(dask_cluster.importlib.metadata, "version", lambda _: "1.0")
    monkeypatch.setattr(dask_cluster, "FEATURES_VERSION", 2)
    monkeypatch.setattr(dask_cluster, "VOICE_VERSION", 3)
    monkeypatch.setattr(dask_cluster, "EMBEDDING_VERSION", 4)


def test_a_machine_that_measures_the_same_and_sees_all_folders_fits(tmp_path):
    assert incompatibility(VERSION, [os.fspath(tmp_path)]) == ""


def test_another_version_does_not_fit():
    assert "Install the same there" in incompatibility("0.0 (features 1, voices 1)", [])


def test_a_folder_that_is_not_seen_does_not_fit(tmp_path):
    folder = os.fspath(tmp_path / "nowhere")
    assert incompatibility(VERSION, [os.fspath(tmp_path), folder]) == (
        f"sees no {folder}. Mount it there under the same path"
    )


def test_the_version_changes_with_what_is_measured(monkeypatch):
    assert dask_cluster.version() == VERSION
    monkeypatch.setattr(dask_cluster, "FEATURES_VERSION", 4)
    assert dask_cluster.version() != VERSION


def test_a_call_runs_in_another_process_of_the_same_version_alone():
    assert run_on_worker(VERSION, os.getpid, (), {}) != os.getpid()
    with pytest.raises(WorkerLost, match="another one on a worker"):
        run_on_worker("0.0", os.getpid, (), {})


@pytest.mark.parametrize("address", ["", "nowhere", "http://host:1", "tcp://host"])
def test_an_address_that_is_none_is_one_line(address):
    with pytest.raises(ClusterError, match="Give one such as tcp://host:8786"):
        Cluster(address)
