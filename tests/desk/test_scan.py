"""A scan that the page began: how it goes on, ends and is stopped."""

import threading

import pytest

from playlist_builder import FileProgress, FileScanned, Library, RequestError, ScanReport, Skipped
from playlist_builder.desk.scan import Scan
from playlist_builder.desk.words import Words
from playlist_builder.errors import LibraryError, NotThereError

PATIENCE_S = 60.0


@pytest.fixture
def told():
    return []


@pytest.fixture
def scan(tmp_path, told, monkeypatch):
    """A scan of made-up events; the second waits until it is let go on."""
    go_on = threading.Event()

    def events(*_, **__):
        yield FileScanned(FileProgress(1, 2, 10, 40, "/m/one.flac", 12.0))
        go_on.wait(PATIENCE_S)
        yield FileScanned(FileProgress(2, 2, 40, 40, "/m/two.flac", 0.0))
        yield ScanReport(analysed=1, skipped=(Skipped("/m/two.flac", "no sound"),))

    monkeypatch.setattr(Library, "scan_events", events)
    own = Scan(str(tmp_path / "l.db"), Words("en"), lambda _, state: told.append(state))
    own.go_on = go_on
    yield own
    go_on.set()
    own.stop()


def ended(scan):
    scan.go_on.set()
    scan.wait(PATIENCE_S)
    return scan.state


def test_it_tells_how_it_goes_on_and_what_it_found(scan, told, tmp_path):
    scan.begin(str(tmp_path))
    assert ended(scan)["is_over"]
    assert [state["done"] for state in told] == [0, 1, 2, 2]
    assert [state["turn"] for state in told] == sorted({state["turn"] for state in told})
    assert told[1]["share"] == 0.25
    assert told[1]["left_s"] == 12.0
    assert told[1]["file"] == "one.flac"
    assert scan.state["new"] == 1
    assert scan.state["unusable"] == [{"file": "two.flac", "reason": "no sound"}]
    assert scan.state["error"] == ""


def test_it_is_stopped_and_begun_again(scan, tmp_path):
    scan.begin(str(tmp_path))
    with pytest.raises(RequestError, match="goes on"):
        scan.begin(str(tmp_path))
    scan.ask_to_stop()
    assert ended(scan)["is_over"]
    assert "new" not in scan.state
    scan.begin(str(tmp_path))
    assert ended(scan)["new"] == 1


def test_what_fails_is_told(scan, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise LibraryError("It is {what}.", what="damaged")
        yield

    monkeypatch.setattr(Library, "scan_events", broken)
    scan.begin(str(tmp_path))
    assert ended(scan)["error"] == "It is damaged."


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", RequestError),
        ("  ", RequestError),
        ("Music", RequestError),
        ("../x", RequestError),
        ("/nothing/here", NotThereError),
        ("~nobody-of-this-name/x", NotThereError),
        ("/a\0b", RequestError),
        ("/" + "x" * 5000, NotThereError),
        ("~/" + "x" * 5000, NotThereError),
    ],
)
def test_what_is_no_folder_is_refused_in_one_line(scan, typed, error):
    with pytest.raises(error) as refused:
        scan.begin(typed)
    assert len(str(refused.value).splitlines()) == 1
    assert scan.state is None


def test_a_file_is_no_folder(scan, tmp_path):
    (tmp_path / "one.flac").touch()
    with pytest.raises(NotThereError):
        scan.begin(str(tmp_path / "one.flac"))


def test_the_users_own_folder_is_a_tilde(scan, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "Music").mkdir()
    scan.begin(" ~/Music ")
    assert ended(scan)["folder"] == str(tmp_path / "Music")
