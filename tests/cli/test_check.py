"""Checking a playlist as a user meets it."""

import json
import os
import shutil

from tests.support.commands import run
from tests.support.documents import paths, session


def test_a_moved_track_is_found_and_its_playlist_mended(built):
    run("export", built / "s.json", "-o", built / "p.m3u8")
    moved = built / "music" / "elsewhere"
    moved.mkdir()
    first = paths(session(built))[0]
    shutil.move(first, moved)
    new = str(moved / os.path.basename(first))  # noqa: PTH119
    library = ("--library", built / "l.db")
    run("scan", built / "music", "--no-vocals", "--no-embedding", *library)
    text = (built / "p.m3u8").read_text(encoding="utf-8")
    for name in ("p.m3u8", "s.json"):
        listed = run("check", built / name, *library, "--json", code=1)
        mend = f"playlist-builder check {built / name} --fix --library "
        assert f"To write the new places: {mend}" in listed.stderr
        assert "scan the folder" not in listed.stderr
        done = json.loads(listed.stdout)
        assert [each["path"] for each in done["moved"]] == [new]
        assert (done["missing"], done["fixed"]) == ([], False)
        done = run("check", "--fix", built / name, *library)
        assert "moved" in done.stdout
        assert f"Wrote {built / name}" in done.stderr
        run("check", built / name, *library)
    shutil.move(new, first)
    run("scan", built / "music", "--no-vocals", "--no-embedding", *library)
    done = run("check", built / "s.json", code=1, PLAYLIST_BUILDER_LIBRARY="")
    assert f"{new} -> {first}  (same music)" in done.stdout  # it knows its library too
    old_entry = os.path.relpath(first, built)
    new_entry = os.path.relpath(new, built)
    mended = (built / "p.m3u8").read_text(encoding="utf-8")
    assert mended == text.replace(old_entry, new_entry)
    assert paths(session(built))[0] == new


def test_what_is_nowhere_stays_and_is_listed(built):
    before = "#EXTM3U\r\n#EXTINF:3,Gone - Away\r\ngone.mp3\r\nhttp://x.org/a.mp3\r\n"
    (built / "p.m3u").write_bytes(before.encode())
    done = run("check", "--fix", built / "p.m3u", "--library", built / "l.db", code=1)
    assert done.stdout == "missing  1  gone.mp3  (Gone - Away)\n"
    mend = f"playlist-builder check {built / 'p.m3u'} --fix --library "
    assert f"(playlist-builder scan FOLDER), and then: {mend}" in done.stderr
    assert (built / "p.m3u").read_bytes() == before.encode()
    done = run("check", built / "p.m3u", "--library", built / "none.db", code=1)
    assert "There is no library" in done.stderr
    assert not (built / "none.db").exists()
