"""Files are replaced whole or left untouched, and entries are relative to where players look."""

import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from playlist_builder.errors import ExportError
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import formats, session_json
from playlist_builder.playlists import write as write_playlists
from playlist_builder.playlists.dialects import PLAYERS


def session(*paths):
    """A session of these paths."""
    slots = [
        Slot(
            path=os.fspath(path),
            identity="5f",
            title="Quiet",
            artist="Ada",
            album="",
            start_s=0.0,
            end_s=200.0,
            phase="calm",
            energy=0.2,
            target=0.2,
        )
        for path in paths
    ]
    return Session(
        profile="arc",
        scale="relative",
        target_s=200.0,
        duration_s=200.0,
        cost=0.1,
        bound=0.1,
        rms_error=0.1,
        slots=tuple(slots),
    )


@pytest.fixture
def folder(tmp_path):
    """A folder without a symbolic link above it."""
    return Path(os.path.realpath(tmp_path))


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def entries(file):
    text = file.read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and not line.startswith("#")]


def test_the_suffix_says_what_is_written(folder):
    """The playlist is called as its file."""
    whole = session(folder / "a.flac")
    write_playlists.write_session(whole, folder / "tonight.m3u8")
    write_playlists.write_session(whole, str(folder / "tonight.json"))
    assert (folder / "tonight.m3u8").read_bytes() == formats.render_text(
        whole, ".m3u8", folder=str(folder), name="tonight"
    ).encode()
    assert session_json.load_session(folder / "tonight.json") == whole
    assert names(folder) == ["tonight.json", "tonight.m3u8"]


def test_a_relative_name_lies_in_the_working_folder(folder, monkeypatch):
    """Entries are relative to the playlist, not to the working folder."""
    (folder / "lists").mkdir()
    monkeypatch.chdir(folder)
    write_playlists.write_session(session(folder / "a.flac"), "lists/tonight.m3u8")
    assert entries(folder / "lists" / "tonight.m3u8") == ["../a.flac"]


def test_an_unknown_suffix_writes_nothing(folder):
    with pytest.raises(ExportError, match=r"Let it end in \.m3u8, \.m3u, .* or \.json"):
        write_playlists.write_session(session(folder / "a.flac"), folder / "tonight.mp3")
    assert names(folder) == []


def test_a_suffix_that_the_player_does_not_read_writes_nothing(folder):
    """The line says which it reads."""
    with pytest.raises(ExportError) as caught:
        write_playlists.write_session(
            session(folder / "a.flac"), folder / "p.xspf", dialect=PLAYERS["mpv"]
        )
    assert str(caught.value) == (
        f"mpv does not read .xspf ({str(folder / 'p.xspf')!r}). Let it end in .m3u8, .m3u or .pls"
    )
    assert names(folder) == []


def test_a_dialect_decides_what_is_written(folder):
    """Bytes too: foobar2000 takes `.m3u` for UTF-8 only with the mark."""
    whole = session(folder / "é" / "a.flac")
    write_playlists.write_session(whole, folder / "p.m3u", dialect=PLAYERS["foobar2000"])
    assert (folder / "p.m3u").read_bytes().startswith(b"\xef\xbb\xbf#EXTM3U\n")
    assert (folder / "p.m3u").read_bytes().endswith("\né\\a.flac\n".encode())
    write_playlists.write_session(whole, folder / "p.m3u")
    assert (folder / "p.m3u").read_bytes().endswith(b"\n\xe9/a.flac\n")


def test_a_track_that_cannot_be_held_leaves_the_old_file(folder):
    """Nothing is written before the whole text is known."""
    file = folder / "tonight.m3u8"
    file.write_text("old", encoding="utf-8")
    with pytest.raises(ExportError, match="line break"):
        write_playlists.write_session(session(folder / "a.flac", folder / "b\n.flac"), file)
    assert file.read_text(encoding="utf-8") == "old"
    assert names(folder) == ["tonight.m3u8"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failure_at_any_step_leaves_the_old_file(folder, monkeypatch, step, failure):
    """A full disk, or Ctrl-C: the old playlist still plays and nothing else lies about."""
    file = folder / "tonight.m3u8"
    file.write_text("old", encoding="utf-8")

    def fail(*_):
        assert len(names(folder)) == 2
        raise failure

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    expected = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else ExportError
    with pytest.raises(expected) as caught:
        write_playlists.write_text(file, "new")
    if expected is ExportError:
        assert str(caught.value) == (
            f"Cannot write {str(file)!r}: No space left. Choose another place"
        )
    assert file.read_text(encoding="utf-8") == "old"
    assert names(folder) == ["tonight.m3u8"]


def test_a_missing_folder_is_named(folder):
    file = folder / "gone" / "tonight.m3u8"
    with pytest.raises(ExportError) as caught:
        write_playlists.write_text(file, "new")
    assert str(caught.value) == (
        f"Cannot write {str(file)!r}: No such file or directory. Choose another place"
    )


def test_the_longest_name_that_a_file_can_have_is_written(folder):
    """The temporary name is no longer than it."""
    file = folder / ("x" * 250 + ".m3u8")
    write_playlists.write_text(file, "new")
    assert file.read_text(encoding="utf-8") == "new"


@pytest.mark.skipif(os.name != "posix", reason="permission bits are those of POSIX")
def test_permissions_are_those_of_any_new_file_or_of_the_old_one(folder):
    """Never those of a private temporary file: the player may be another user."""
    write_playlists.write_text(folder / "a.m3u8", "new")
    (folder / "plain").touch()
    assert (folder / "a.m3u8").stat().st_mode == (folder / "plain").stat().st_mode
    (folder / "a.m3u8").chmod(0o640)
    write_playlists.write_text(folder / "a.m3u8", "newer")
    assert stat.S_IMODE((folder / "a.m3u8").stat().st_mode) == 0o640


def test_a_symbolic_link_stays_and_its_file_is_replaced(folder):
    """So does a link to a file that is not there yet."""
    (folder / "away").mkdir()
    (folder / "away" / "old.m3u8").write_text("old", encoding="utf-8")
    for name in ("old.m3u8", "new.m3u8"):
        (folder / name).symlink_to(Path("away") / name)
        write_playlists.write_text(folder / name, "new")
        assert (folder / name).is_symlink()
        assert (folder / "away" / name).read_text(encoding="utf-8") == "new"
    assert names(folder / "away") == ["new.m3u8", "old.m3u8"]


def test_a_link_to_itself_is_refused(folder):
    file = folder / "loop.m3u8"
    file.symlink_to(file)
    with pytest.raises(ExportError, match="Cannot write"):
        write_playlists.write_text(file, "new")
    assert file.is_symlink()


def test_what_is_not_a_regular_file_is_never_replaced(folder):
    """A rename over a folder fails late, one over a device or socket would destroy it."""
    (folder / "a.m3u8").mkdir()
    with pytest.raises(ExportError, match=r"it is a folder\. Choose another name"):
        write_playlists.write_text(folder / "a.m3u8", "new")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "b.m3u8"))
        with pytest.raises(ExportError, match=r"it is a device or pipe\. Choose another name"):
            write_playlists.write_text(folder / "b.m3u8", "new")
    assert (folder / "a.m3u8").is_dir()
    assert (folder / "b.m3u8").is_socket()
    assert names(folder) == ["a.m3u8", "b.m3u8"]


def found(playlist):
    """The files that a player opens: folder and entry joined, `..` followed by the system."""
    return [os.path.realpath(f"{playlist.parent}/{entry}") for entry in entries(playlist)]


@pytest.fixture
def linked(folder):
    """A folder `Music` that is a link to `disk/deep/music`, with a track, and one elsewhere."""
    real = folder / "disk" / "deep" / "music"
    real.mkdir(parents=True)
    (real / "a.flac").touch()
    (folder / "b.flac").touch()
    (folder / "Music").symlink_to(real)
    return folder


@pytest.mark.parametrize("playlist", ["Music/p.m3u8", "disk/deep/music/p.m3u8", "Music/../p.m3u8"])
@pytest.mark.parametrize(
    "paths",
    [["Music/a.flac"], ["disk/deep/music/a.flac"], ["Music/a.flac", "b.flac"], ["b.flac"]],
)
def test_entries_lead_to_the_tracks_through_symbolic_links(linked, playlist, paths):
    """`..` behind a link leads up from where the link points to, not from where it stands."""
    write_playlists.write_session(session(*(linked / path for path in paths)), linked / playlist)
    assert found(linked / playlist) == [os.path.realpath(linked / path) for path in paths]


def test_entries_below_a_linked_folder_stay_short(linked):
    """The folder can then be carried elsewhere as a whole."""
    write_playlists.write_session(session(linked / "Music" / "a.flac"), linked / "Music" / "p.m3u8")
    assert entries(linked / "Music" / "p.m3u8") == ["a.flac"]


def test_what_a_killed_process_left_is_swept_when_it_is_old(tmp_path):
    """A write removes what was left long ago, and not what another process is writing now."""
    old, new = (tmp_path / f".playlist-builder-{word * 16}.tmp" for word in "ab")
    other = tmp_path / ".other.tmp"
    for file in (old, new, other):
        file.write_bytes(b"part")
    for file in (old, other):
        os.utime(file, (0, 0))
    write_playlists.write_text(tmp_path / "a.m3u8", "whole")
    assert {each.name for each in tmp_path.iterdir()} == {"a.m3u8", new.name, other.name}
