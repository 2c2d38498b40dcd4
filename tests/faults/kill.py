"""`kill -9` at random moments of scanning and of writing playlists; prints one JSON line.

After each: the library opens and holds every track whose result was told, no process is left, and
a playlist is the old one or the new one. Exits non-zero where that fails.
"""

import argparse
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil

from playlist_builder.audio import encode
from playlist_builder.library.library import Library
from playlist_builder.playlists.write import write_text
from tests.support.commands import run

RATE_HZ = 8000
TRACKS = 24
SECONDS = 30
GONE_S = 20.0  # a process that lost its parent has so long to be gone

SCAN = """
import sys
from playlist_builder.library.library import Library
with Library.open(sys.argv[1]) as library:
    print("began", flush=True)
    library.scan(sys.argv[2], jobs=2, progress=lambda each: print(each.path, flush=True))
"""
# Commands over and over, of which each leaves the old or the new text behind; it ends with us.
WRITE = """
import os, shutil, sys
from itertools import cycle
from playlist_builder.files.atomic import replace_bytes
from playlist_builder.cli import main
what, library = sys.argv[1:]
parent = os.getppid()
def run(*words):
    try:
        main([*words], standalone_mode=False)
    except SystemExit:
        pass
print("began", flush=True)
for name in cycle("ab"):
    if os.getppid() != parent:
        break
    match what:
        case "export":
            run("export", f"{name}.json", "-o", "export.m3u8")
        case "build":
            run("build", "steady", "--duration", "6m", "--min-length", "30s", "--seed",
                "1" if name == "a" else "2", "-o", "build.m3u8", "--library", library)
        case "rebuild":
            replace_bytes("session.json", open(f"{name}.json", "rb").read())
            run("rebuild", "session.json", "-o", "rebuild.m3u8", "--library", library)
        case "check":
            replace_bytes("check.m3u8", open("check-old.m3u8", "rb").read())
            run("check", "--fix", "check.m3u8", "--library", library)
        case "copy":
            run("copy", f"{name}.json", "stick")
    print(name, flush=True)
"""


def killed(words: list[str], rng: random.Random, cwd: Path, longest_s: float) -> list[str]:
    """Run Python, kill it at a random moment after its first line; returns the whole lines."""
    with subprocess.Popen(
        [sys.executable, "-c", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        text=True,
    ) as process:
        assert process.stdout is not None
        began = process.stdout.readline()
        assert began == "began\n", "it did not begin"
        moment = time.monotonic() + rng.uniform(0.0, longest_s)
        family: set[psutil.Process] = set()
        while time.monotonic() < moment and process.poll() is None:
            family |= set(psutil.Process(process.pid).children())
            time.sleep(0.01)
        ended = process.poll()
        process.kill()
        lines = process.stdout.read().split("\n")[:-1]
    assert ended in {None, 0}, f"it failed by itself with code {ended}"
    _, alive = psutil.wait_procs(family, GONE_S)
    assert not alive, f"{len(alive)} processes outlived their parent"
    return lines


def make_music(folder: Path) -> None:
    folder.mkdir()
    for number in range(TRACKS):
        noise = np.random.default_rng(number).standard_normal((1, SECONDS * RATE_HZ))
        samples = (0.01 * (1 + number) * noise).astype(np.float32)
        tags = {"title": f"Piece {number}", "artist": f"Player {number}"}
        encode.write_flac(f"{folder}/{number}.flac", samples, RATE_HZ, tags)


def after_scan(library: Path, told: list[str]) -> bool:
    """Open the library and look for all that was told; returns whether all tracks are in it."""
    with Library.open(library) as opened:
        held = {file.path for file, _ in opened.files()}
        assert set(told) <= held, f"{len(set(told) - held)} tracks were told and are not there"
        assert len(opened.tracks()) == len(held)
    return len(held) == TRACKS


def after_write(what: str, folder: Path, wanted: dict[str, set[bytes]], music: Path) -> None:
    if what == "copy":
        stick = folder / "stick"
        sound = {path.read_bytes() for path in music.iterdir()}
        for path in stick.glob("*.flac"):
            assert path.read_bytes() in sound, f"{path.name} is a part of a track"
        for path in stick.glob("*.m3u8"):
            entries = [e for e in path.read_text().splitlines() if not e.startswith("#")]
            assert entries, f"{path.name} is empty"
            assert all((stick / entry).exists() for entry in entries), "a playlist leads nowhere"
        return
    for name, texts in wanted.items():
        if name.startswith(what):
            assert (folder / name).read_bytes() in texts, f"{name} is neither the old nor the new"


def prepare(folder: Path, library: Path, music: Path) -> dict[str, set[bytes]]:
    """Make sessions a and b, and every text that a playlist may hold afterwards."""
    asked = ("build", "steady", "--duration", "6m", "--min-length", "30s", "--max-length", "15m")
    where = ("--library", os.fspath(library))
    run("scan", os.fspath(music), "--no-vocals", "--no-embedding", *where, cwd=folder)
    wanted: dict[str, set[bytes]] = {}

    def read(name: str, as_name: str = "") -> None:
        wanted.setdefault(as_name or name, set()).add((folder / name).read_bytes())

    for seed, name in (("1", "a"), ("2", "b")):
        run(*asked, "--seed", seed, "-o", f"{name}.json", "-o", "build.m3u8", *where, cwd=folder)
        read("build.m3u8")
        run("export", f"{name}.json", "-o", "export.m3u8", cwd=folder)
        read("export.m3u8")
        (folder / "session.json").write_bytes((folder / f"{name}.json").read_bytes())
        run("rebuild", "session.json", "-o", "rebuild.m3u8", *where, cwd=folder)
        read("rebuild.m3u8")
    assert len(wanted["export.m3u8"]) == 2, "the sessions do not differ"
    moved = (folder / "export.m3u8").read_text().replace("music/", "was-here/")
    (folder / "check-old.m3u8").write_text(moved)
    (folder / "check.m3u8").write_text(moved)
    read("check.m3u8")
    run("check", "--fix", "check.m3u8", *where, cwd=folder)
    read("check.m3u8")
    assert len(wanted["check.m3u8"]) == 2, "nothing was mended"
    return wanted


def main() -> int:
    """Kill, look, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", file=sys.stderr)  # noqa: T201 - told even if all fails
    rng = random.Random(chosen.seed)  # noqa: S311 - repeatable on purpose
    began = time.monotonic()
    counts: Counter[str] = Counter()
    failures = []
    kinds = ("scan", "export", "scan", "build", "scan", "rebuild", "scan", "check", "scan", "copy")
    with tempfile.TemporaryDirectory(prefix="kill-") as name:
        folder = Path(name).resolve()
        music, whole, part = folder / "music", folder / "whole.db", folder / "part.db"
        make_music(music)
        wanted = prepare(folder, whole, music)
        for number in range(chosen.moments):
            kind = kinds[number % len(kinds)]
            counts[kind] += 1
            try:
                if kind == "scan":
                    words = [SCAN, os.fspath(part), os.fspath(music)]
                    told = killed(words, rng, folder, 5.0)
                    counts["results told"] += len(told)
                    if after_scan(part, told):
                        for each in folder.glob("part.db*"):
                            each.unlink()
                else:
                    told = killed([WRITE, kind, os.fspath(whole)], rng, folder, 1.5)
                    counts["playlists told"] += len(told)
                    after_write(kind, folder, wanted, music)
            except AssertionError as error:
                failures.append(f"moment {number} of {kind}: {error}")
        litter = [*folder.glob(".playlist-builder-*.tmp"), *folder.glob("stick/.playlist-*.tmp")]
        for each in litter:
            os.utime(each, (0, 0))
        write_text(folder / "last.m3u8", "")
        run("copy", "a.json", "stick", cwd=folder)
        left = [*folder.glob("**/.playlist-builder-*.tmp")]
        failures += [f"litter is never swept: {each.name}" for each in left]
    told_document = {
        "harness": "kill",
        "seed": chosen.seed,
        "moments": chosen.moments,
        **counts,
        "litter": len(litter),
        "seconds": round(time.monotonic() - began, 1),
        "failures": failures,
    }
    print(json.dumps(told_document))  # noqa: T201 - the product
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
