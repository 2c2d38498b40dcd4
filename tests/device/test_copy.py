"""A session on a stick: complete, verified, resumable, and nothing of the user's replaced."""

import errno
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from playlist_builder.audio import decode, encode
from playlist_builder.device import copy as copying
from playlist_builder.device import folder, plan, transcode
from playlist_builder.errors import AudioError, CopyError
from playlist_builder.files import atomic
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import read as playlists

RATE_HZ = 8000


def slot(path, number, title, artist):
    return Slot(
        str(path), f"{number}", title, artist, "", 2.0 * number, 2.0 * number + 2, "p", 0.1, 0.1
    )


@pytest.fixture
def session(tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    slots = []
    names = [("AC/DC", "What?"), ("", "CON"), ("Caf\u00e9", "..."), ("Z", "x" * 400)]
    for number, (artist, title) in enumerate(names):
        path = music / f"{number}.FLAC"
        samples = 0.1 * np.random.default_rng(number).standard_normal((1, 2 * RATE_HZ))
        encode.write_flac(str(path), samples.astype(np.float32), RATE_HZ, {"title": title})
        slots.append(slot(path, number, title, artist))
    return Session("arc", "relative", 8.0, 8.0, 0.0, 0.0, 0.0, slots[:3], slots[3:])


def names_in(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def copy(session, folder, **options):
    with ThreadPoolExecutor(2) as pool:
        return copying.copy_session(session, folder, name="tonight", executor=pool, **options)


def states(report):
    return [each.state for each in report.files]


def test_tracks_and_playlist_lie_side_by_side(session, tmp_path):
    """In order, the tail last, under names that all can hold, byte for byte."""
    stick = tmp_path / "new" / "stick"
    report = copy(session, stick)
    found = names_in(stick)
    assert found[:3] == [
        "01 - AC_DC - What_.flac",
        "02 - CON.flac",
        "03 - Caf\u00e9 - 2.flac",
    ]
    assert found[3].startswith("04 - Z - xxx")
    assert found[4] == "tonight.m3u8"
    for each, one in zip(report.files, (*session.slots, *session.tail), strict=True):
        assert each.source == one.path
        with open(each.path, "rb") as new, open(one.path, "rb") as old:  # noqa: PTH123
            assert new.read() == old.read()
    text = (stick / "tonight.m3u8").read_bytes().decode("utf-8")
    assert text.startswith("#EXTM3U\n")
    entries = [entry.location for entry in playlists.read_entries(stick / "tonight.m3u8")]
    assert entries == found[:4]
    shown = [entry.title for entry in playlists.read_entries(stick / "tonight.m3u8")]
    assert shown[:3] == ["AC/DC - What?", "CON", "Caf\u00e9 - 2"]
    assert not list(stick.glob(".*.tmp"))


def test_a_second_run_copies_nothing(session, tmp_path):
    copy(session, tmp_path / "s")
    before = {path.name: path.stat() for path in (tmp_path / "s").iterdir()}
    report = copy(session, tmp_path / "s")
    assert states(report) == ["kept"] * 4
    assert not report.renamed
    after = {path.name: path.stat() for path in (tmp_path / "s").iterdir()}
    tracks = [name for name in before if name.endswith(".flac")]
    assert all(before[name].st_ino == after[name].st_ino for name in tracks)
    assert set(before) == set(after)


def test_what_is_missing_or_decayed_is_copied_again(session, tmp_path):
    report = copy(session, tmp_path / "s")
    gone, decayed = report.files[0].path, report.files[1].path
    os.unlink(gone)  # noqa: PTH108
    times = os.stat(decayed)  # noqa: PTH116
    with open(decayed, "r+b") as file:  # noqa: PTH123
        file.seek(-100, os.SEEK_END)
        file.write(bytes(100))
    os.utime(decayed, ns=(times.st_atime_ns, times.st_mtime_ns))
    again = copy(session, tmp_path / "s")
    assert states(again) == ["copied", "copied", "kept", "kept"]
    assert [each.path for each in again.files] == [each.path for each in report.files]


def test_what_the_source_has_become_replaces_our_copy(session, tmp_path):
    """A retagged track is copied again under the same name."""
    report = copy(session, tmp_path / "s")
    with open(session.slots[0].path, "ab") as file:  # noqa: PTH123
        file.write(b"tags")
    again = copy(session, tmp_path / "s")
    assert states(again) == ["copied", "kept", "kept", "kept"]
    assert again.files[0].path == report.files[0].path
    assert again.files[0].bytes == report.files[0].bytes + 4


@pytest.mark.parametrize("name", ["02 - CON.flac", "02 - con.FLAC"])
def test_a_file_of_the_user_keeps_its_name(session, tmp_path, name):
    """Also where only case differs, which a stick does not tell apart."""
    stick = tmp_path / "s"
    stick.mkdir()
    (stick / name).write_bytes(b"mine")
    (stick / "tonight.m3u8").write_bytes(b"mine too")
    for _ in range(2):
        report = copy(session, stick)
        assert (stick / name).read_bytes() == b"mine"
        assert (stick / "tonight.m3u8").read_bytes() == b"mine too"
        assert os.path.basename(report.files[1].path) == "02 - CON (2).flac"  # noqa: PTH119
        assert os.path.basename(report.playlist) == "tonight (2).m3u8"  # noqa: PTH119
    assert states(report) == ["kept"] * 4


def test_a_copy_that_the_user_has_changed_is_his(session, tmp_path):
    report = copy(session, tmp_path / "s")
    with open(report.files[1].path, "ab") as file:  # noqa: PTH123
        file.write(b"my tags")
    os.utime(report.files[1].path, (1e9, 1e9))
    again = copy(session, tmp_path / "s")
    assert states(again) == ["kept", "copied", "kept", "kept"]
    assert again.files[1].path != report.files[1].path
    assert again.renamed


def test_links_and_folders_of_the_user_stay(session, tmp_path):
    stick = tmp_path / "s"
    (stick / "01 - AC_DC - What_.flac").mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (stick / "02 - CON.flac").symlink_to(precious)
    report = copy(session, stick)
    assert precious.read_bytes() == b"mine"
    assert len(report.renamed) == 2


def test_a_full_stick_is_told_before_anything_is_written(session, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(plan.shutil, "disk_usage", lambda _: usage._replace(free=100_000))
    with pytest.raises(CopyError, match=r"has 0 MB free, the tracks need 1 MB") as caught:
        copy(session, tmp_path / "s")
    assert str(caught.value).isprintable()
    assert names_in(tmp_path / "s") == []


def test_a_track_that_is_gone_stops_the_copy_before_it_begins(session, tmp_path):
    os.unlink(session.slots[1].path)  # noqa: PTH108
    with pytest.raises(CopyError, match=r"1\.FLAC' is not there, so nothing was copied"):
        copy(session, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_stick_that_fills_up_or_lies_leaves_no_half_file(session, tmp_path, monkeypatch):
    real = folder.copy_bytes

    def full(source, target):
        if source.endswith("1.FLAC"):
            target.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(source, target)

    monkeypatch.setattr(folder, "copy_bytes", full)
    with pytest.raises(CopyError, match="No space left on device"):
        copy(session, tmp_path / "s")
    assert names_in(tmp_path / "s") == ["01 - AC_DC - What_.flac"]
    assert not list((tmp_path / "s").glob(".*.tmp"))

    def lies(source, target):
        real(source, target)
        return "0"

    monkeypatch.setattr(folder, "copy_bytes", lies)
    with pytest.raises(CopyError, match="reads back otherwise"):
        copy(session, tmp_path / "s")
    assert names_in(tmp_path / "s") == ["01 - AC_DC - What_.flac"]
    monkeypatch.setattr(folder, "copy_bytes", real)
    assert states(copy(session, tmp_path / "s")) == ["kept", "copied", "copied", "copied"]


@pytest.mark.parametrize("notes", [b"", b"{}", b"[" * 100_000, b'{"files":{"a":3}}', b"\xff"])
def test_damaged_notes_cost_nothing(session, tmp_path, notes):
    copy(session, tmp_path / "s")
    (tmp_path / "s" / folder.RECORDS).write_bytes(notes)
    assert states(copy(session, tmp_path / "s")) == ["kept"] * 4


@pytest.mark.parametrize("form", ["mp3", "opus", "flac"])
def test_converted_tracks_are_made_once(session, tmp_path, form):
    report = copy(session, tmp_path / "s", form=form)
    expected = "copied" if form == "flac" else "converted"
    assert states(report) == [expected] * 4
    assert all(each.path.endswith(f".{form}") for each in report.files)
    assert states(copy(session, tmp_path / "s", form=form)) == ["kept"] * 4
    assert transcode.is_encoded_as(report.files[0].path, form)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AudioError("damaged"), "damaged"),
        (ZeroDivisionError("by\nzero"), "cannot be converted: ZeroDivisionError: by zero"),
    ],
)
def test_what_cannot_be_converted_is_skipped_and_told(session, tmp_path, monkeypatch, error, told):
    real = transcode.convert

    def convert(source, target, form):
        if source.endswith("1.FLAC"):
            raise error
        return real(source, target, form)

    monkeypatch.setattr(transcode, "convert", convert)
    report = copy(session, tmp_path / "s", form="mp3")
    assert [each.number for each in report.files] == [1, 3, 4]
    assert [(each.path, each.reason) for each in report.skipped] == [(session.slots[1].path, told)]
    assert len(playlists.read_entries(report.playlist)) == 3


def test_files_of_an_earlier_session_are_told(session, tmp_path):
    copy(session, tmp_path / "s")
    report = copy(replace(session, tail=()), tmp_path / "s")
    assert len(report.leftover) == 1
    assert report.leftover[0].startswith("04 - Z")


def test_numbers_are_padded_to_the_count(session):
    one = session.slots[1]
    assert plan.track_file_name(one, 7, 9, ".ogg") == "07 - CON.ogg"
    assert plan.track_file_name(one, 7, 120, ".ogg") == "007 - CON.ogg"
    assert (
        plan.track_file_name(replace(one, title=" ", path="/m/a b.ogg"), 1, 1, ".ogg")
        == "01 - a b.ogg"
    )


def test_what_the_user_put_there_first_is_never_replaced(session, tmp_path):
    """Even if it was the same once: the copy of a track that changes gets another name."""
    stick = tmp_path / "s"
    stick.mkdir()
    mine = stick / "02 - CON.flac"
    shutil.copyfile(session.slots[1].path, mine)
    before = mine.read_bytes()
    assert states(copy(session, stick)) == ["copied", "kept", "copied", "copied"]
    with open(session.slots[1].path, "ab") as file:  # noqa: PTH123
        file.write(b"tags")
    report = copy(session, stick)
    assert mine.read_bytes() == before
    assert report.renamed == {"02 - CON.flac": "02 - CON (2).flac"}


def test_what_a_killed_copy_left_is_cleared_away(session, tmp_path):
    copy(session, tmp_path / "s")
    (tmp_path / "s" / ".playlist-builder-0123.tmp").write_bytes(b"half")
    copy(session, tmp_path / "s")
    assert not list((tmp_path / "s").glob(".*.tmp"))


def test_the_notes_can_be_read_by_a_person(session, tmp_path):
    copy(session, tmp_path / "s")
    document = json.loads((tmp_path / "s" / folder.RECORDS).read_text(encoding="utf-8"))
    assert document["version"] == 1
    assert set(document["files"]) == set(names_in(tmp_path / "s"))


def note(path, source):
    """Return what a stranger would write of a file, to have it taken for a copy."""
    return {
        "source": folder.hash_of(source),
        "form": "",
        "size": path.stat().st_size,
        "hash": folder.hash_of(path),
        "mtime_s": path.stat().st_mtime,
    }


@pytest.mark.parametrize("signature", [{}, {"signature": "0" * 64}, {"signature": 3}])
def test_notes_of_others_have_nothing_replaced(session, tmp_path, signature):
    stick = tmp_path / "s"
    stick.mkdir()
    mine = [stick / "01 - AC_DC - What_.flac", stick / "tonight.m3u8"]
    for path in mine:
        path.write_bytes(b"mine")
    notes = {path.name: note(path, session.slots[0].path) for path in mine}
    document = {"version": 1, "files": notes, **signature}
    (stick / folder.RECORDS).write_text(json.dumps(document), encoding="utf-8")
    for _ in range(2):
        report = copy(session, stick)
        assert [path.read_bytes() for path in mine] == [b"mine"] * 2
        assert report.files[0].path.endswith("01 - AC_DC - What_ (2).flac")
        assert report.playlist.endswith("tonight (2).m3u8")


def test_a_note_that_was_changed_has_nothing_replaced(session, tmp_path):
    """Ours tell of other files, and so does one that is put in for a copy."""
    report = copy(session, tmp_path / "s")
    records = tmp_path / "s" / folder.RECORDS
    mine = tmp_path / "s" / "02 - CON.flac"
    mine.unlink()
    mine.write_bytes(b"mine")
    document = json.loads(records.read_text(encoding="utf-8"))
    document["files"][mine.name] = note(mine, session.slots[1].path)
    records.write_text(json.dumps(document), encoding="utf-8")
    again = copy(session, tmp_path / "s")
    assert mine.read_bytes() == b"mine"
    assert again.files[1].path != report.files[1].path


def link(path, target):
    path.unlink(missing_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("content", [b"mine", None])
@pytest.mark.parametrize("when", ["before", "between"])
@pytest.mark.parametrize("name", [folder.RECORDS, "tonight.m3u8", "02 - CON.flac"])
def test_nothing_is_written_through_a_link(session, tmp_path, name, when, content):
    """Not even where the link leads to what would be written, or nowhere."""
    stick, precious = tmp_path / "s", tmp_path / "precious"
    stick.mkdir()
    if when == "between":
        copy(session, stick)
        precious.write_bytes((stick / name).read_bytes())
        content = content and precious.read_bytes()
    if content is None:
        precious.unlink(missing_ok=True)
    else:
        precious.write_bytes(content)
    link(stick / name, precious)
    if name == folder.RECORDS:
        with pytest.raises(CopyError, match="is a link"):
            copy(session, stick)
    else:
        assert name in copy(session, stick).renamed
    assert (stick / name).is_symlink()
    assert precious.exists() == (content is not None)
    assert content is None or precious.read_bytes() == content


def test_a_link_that_comes_while_tracks_are_copied_is_not_followed(session, tmp_path, monkeypatch):
    precious, real = tmp_path / "precious", folder.copy_bytes
    precious.write_bytes(b"mine")

    def sly(source, target):
        for name in (folder.RECORDS, "tonight.m3u8", "02 - CON.flac"):
            link(target.with_name(name), precious)
        return real(source, target)

    monkeypatch.setattr(folder, "copy_bytes", sly)
    copy(session, tmp_path / "s")
    assert precious.read_bytes() == b"mine"


@pytest.mark.parametrize("key", [b"short", None])
def test_a_key_that_cannot_be_kept_costs_no_copy(tmp_path, key):
    path = tmp_path / "key"
    path.mkdir() if key is None else path.write_bytes(key)
    assert len(folder.own_key(path)) == folder.KEY_BYTES
    assert folder.own_key(tmp_path / "new") == folder.own_key(tmp_path / "new")


def test_a_part_of_a_key_is_made_whole(tmp_path):
    (tmp_path / "key").write_bytes(b"half")
    assert folder.own_key(tmp_path / "key") == folder.own_key(tmp_path / "key")


def test_copies_into_one_folder_wait_for_each_other(session, tmp_path):
    """None takes away what another is writing, and all end with all of their files."""
    sessions = [
        replace(session, slots=[replace(each, title=f"{each.title} {letter}") for each in order])
        for letter, order in zip("abcd", permutations(session.slots), strict=False)
    ]
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda each: copy(each, tmp_path / "s"), sessions))
    for report in reports:
        assert all(folder.hash_of(each.path) == each.hash for each in report.files)
        assert os.path.isfile(report.playlist)  # noqa: PTH113
    assert len({report.playlist for report in reports}) in {1, 4}
    document = json.loads((tmp_path / "s" / folder.RECORDS).read_text(encoding="utf-8"))
    assert set(document["files"]) == set(names_in(tmp_path / "s"))


def test_what_another_command_is_writing_there_stays(session, tmp_path):
    """As a recording that is rendered onto the same stick."""
    stick = tmp_path / "s"
    stick.mkdir()
    with atomic.atomic_path(stick / "recording.flac") as temporary:
        temporary.write_bytes(b"half")
        os.utime(temporary, (1, 1))
        copy(session, stick)
        atomic.remove_leftovers(stick / "tonight.m3u8")
        assert temporary.read_bytes() == b"half"
    assert (stick / "recording.flac").read_bytes() == b"half"


@pytest.mark.parametrize("name", [".playlist-builder-notes.tmp", ".playlist-builder-.tmp"])
def test_what_is_only_named_like_a_leftover_is_the_user_s(session, tmp_path, name):
    stick = tmp_path / "s"
    stick.mkdir()
    (stick / name).write_bytes(b"mine")
    os.utime(stick / name, (1, 1))
    (stick / ".playlist-builder-0123456789abcdef.tmp").mkdir()
    (stick / ".playlist-builder-0123456789abcde0.tmp").symlink_to(stick / name)
    report = copy(session, stick)
    atomic.remove_leftovers(report.playlist)
    assert (stick / name).read_bytes() == b"mine"


def test_what_another_machine_may_be_writing_stays(session, tmp_path, monkeypatch):
    """Until it is old: it cannot be told whether a process of that machine is running."""
    stick = tmp_path / "s"
    stick.mkdir()
    monkeypatch.setattr(atomic, "host_digits", lambda: "beef")
    with atomic.atomic_path(stick / "a.flac") as temporary:
        temporary.write_bytes(b"half")
        monkeypatch.undo()
        report = copy(session, stick)
        assert temporary.exists()
        os.utime(temporary, (1, 1))
        atomic.remove_leftovers(report.playlist)
        assert not temporary.exists()
        temporary.write_bytes(b"half")


def test_what_a_process_left_that_has_ended_is_cleared_away(session, tmp_path, monkeypatch):
    stick = tmp_path / "s"
    stick.mkdir()
    with atomic.atomic_path(stick / "a.flac") as temporary:
        temporary.write_bytes(b"half")
        monkeypatch.setattr(atomic, "is_running", lambda _: False)
        copy(session, stick)
        assert not temporary.exists()
        temporary.write_bytes(b"half")


def test_an_earlier_copy_is_replaced_and_nothing_else(session, tmp_path):
    """Neither what the user changed or put there, nor what a link leads to."""
    stick = tmp_path / "s"
    before = copy(session, stick)
    first, second, third, fourth = (os.path.basename(each.path) for each in before.files)  # noqa: PTH119
    (stick / second).write_bytes(b"mine")
    (stick / "07 - Mine.flac").write_bytes(b"mine")
    precious = tmp_path / "precious"
    precious.write_bytes((stick / third).read_bytes())
    link(stick / third, precious)
    turned = replace(session, slots=[replace(session.slots[0], title="New")], tail=())
    report = copy(turned, stick, replace_earlier=True)
    assert report.removed == (first, fourth)
    assert names_in(stick) == sorted(
        ["01 - AC_DC - New.flac", second, third, "07 - Mine.flac", "tonight.m3u8"]
    )
    assert (stick / third).is_symlink()
    assert precious.exists()
    document = json.loads((stick / folder.RECORDS).read_text(encoding="utf-8"))
    assert first not in document["files"]


def test_nothing_is_removed_where_a_track_was_skipped(session, tmp_path):
    """Its earlier copy is the last good one."""
    stick = tmp_path / "s"
    before = copy(session, stick, form="opus")
    damaged = Path(session.slots[0].path)
    damaged.write_bytes(b"fLaC" + damaged.read_bytes()[:100])
    report = copy(session, stick, form="opus", replace_earlier=True)
    assert [each.path for each in report.skipped] == [session.slots[0].path]
    assert report.removed == ()
    assert Path(before.files[0].path).exists()


def test_without_being_asked_an_earlier_copy_stays(session, tmp_path):
    copy(session, tmp_path / "s")
    report = copy(replace(session, tail=()), tmp_path / "s")
    assert (report.removed, len(report.leftover)) == ((), 1)
    assert (tmp_path / "s" / report.leftover[0]).exists()


def test_notes_of_another_machine_are_kept(tmp_path):
    """Each machine knows its own copies again, whichever wrote last."""
    record = folder.FileRecord("s", "", 1, "h", 1.0)
    for key, name in ((b"one", "a.flac"), (b"two", "b.flac"), (b"one", "c.flac")):
        folder.open_folder(tmp_path, key).add(name, record)
    assert list(folder.open_folder(tmp_path, b"one").records) == ["a.flac", "c.flac"]
    assert list(folder.open_folder(tmp_path, b"two").records) == ["b.flac"]
    assert folder.open_folder(tmp_path, b"three").records == {}


def test_a_part_is_written_with_its_fades_and_kept_until_it_changes(session, tmp_path):
    """A second run keeps it; where other seconds play, it is written again."""
    first, *others = session.slots
    first = replace(first, from_s=0.5, to_s=1.5, end_s=1.0)
    trimmed = replace(session, slots=(first, *others))
    stick = tmp_path / "stick"
    report = copy(trimmed, stick)
    assert states(report) == ["converted", "copied", "copied", "copied"]
    with decode.AudioFile(report.files[0].path) as file:
        samples = np.concatenate(list(file.blocks()), axis=1)
    assert samples.shape[1] == RATE_HZ
    level = np.abs(samples[0]).reshape(10, -1).mean(axis=1)
    assert level[0] < level[4]
    assert level[-1] < level[5]
    assert "EXTINF:1," in (stick / "tonight.m3u8").read_text(encoding="utf-8")
    assert states(copy(trimmed, stick)) == ["kept"] * 4
    other = replace(trimmed, slots=(replace(first, to_s=1.6, end_s=1.1), *others))
    assert states(copy(other, stick)) == ["converted", *["kept"] * 3]
    assert states(copy(session, stick)) == ["copied", *["kept"] * 3]


def test_a_part_is_converted_to_what_is_asked_for(session, tmp_path):
    part = replace(session.slots[0], from_s=0.5)
    report = copy(replace(session, slots=(part,), tail=()), tmp_path / "stick", form="mp3")
    assert [each.path.endswith(".mp3") for each in report.files] == [True]
    report = copy(replace(session, slots=(part,), tail=()), tmp_path / "other", form="flac")
    assert states(report) == ["converted"]
