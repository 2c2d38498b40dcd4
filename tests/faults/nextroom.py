"""Random spoilt libraries of real music, and sessions made and changed from each; one JSON line.

    python -m tests.faults.nextroom FOLDER [--libraries 200] [--seed N]

A pool of excerpts and of what spoils them is written and scanned once (`tests.support.spoilt`).
Each library holds some of it under odd names and links, with files that vanish after the scan. By
what is known of each file, not by what was measured: no session plays a silence over 15 s that it
does not tell, a recording twice, noise, a file that is gone, or what was thrown out or is to be
avoided. A refusal is one line, and none comes where there is plenty. Exits non-zero otherwise.
"""

import argparse
import json
import os
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import playlist_builder as api
from playlist_builder.library.scan.file_state import stat
from playlist_builder.models import Skipped
from tests.support import spoilt
from tests.support.commands import Done, invoke
from tests.support.spoilt import Item

SILENCE_S = 15.0  # as README.md promises
SLACK_S = 2.5  # by which a silence may be told shorter: clicks near its ends, music that fades
PLENTY = 3.0  # times the duration: so much music is never refused
MOST_GONE = 0.2  # of the files: of more it is asked whether the drive is there
PROFILES = "arc", "steady", "relaxation", "ketamine-im", "mdma", "breathwork"
NAMES = (
    *("...And Quiet Follows", "#1 Start", " leading", "100% sure %41", "cafe\u0301", "-o", "🎵"),
    *("quo\"te's", "a;b|c&d", "x" * 200, "tab\tbed", "new\nline", "back\\slash", "[1] {2}", "~me"),
    *(os.fsdecode(b"latin-\xe9"), "C:\\x", "http:", "a?b#c", "\u202egnp", "CON", ".38 Special"),
)
FOLDERS = "", "...Disc", "#1", "A & B", "Größe [live]", "deep/er", "e\u0301te\u0301"
UNSEEN = ".Trash-0", "#recycle", "@eaDir", "$RECYCLE.BIN"
ROLES = {
    # What a library holds of one recording: how often, and kinds of files.
    "clean": (9, ("clean",), ()),
    "copies": (6, (), ("clean", "retagged", "quieter", "coded")),
    "same id": (1, ("clean", "same-id"), ()),
    "silence": (3, ("silence",), ()),
    "silence beside": (2, ("silence", "clean"), ()),
    "rest": (1, ("rest",), ()),
    "rest beside": (2, ("rest", "clean"), ()),
}


@dataclass(frozen=True)
class Pool:
    """Files of which libraries are made, what was scanned of them, and their least minutes."""

    items: tuple[Item, ...]
    library: Path
    skipped: tuple[Skipped, ...]
    shortest_s: float
    longest_s: float


@dataclass
class Trial:
    """One spoilt library: what lies at each path, and what came of it."""

    folder: Path
    rng: random.Random
    placed: dict[str, Item] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def library(self) -> Path:
        return self.folder / "library.db"

    def fail(self, what: str) -> None:
        self.failures.append(what)

    def run(self, *words: object) -> Done | None:
        """Run a command; returns None where it refuses, after a look at how."""
        try:
            done = invoke(*words, "--library", self.library, cwd=self.folder)
        except Exception as error:  # noqa: BLE001 - any is a failure
            self.fail(f"{words[0]} broke: {type(error).__name__}: {error}")
            return None
        if done.code == 0:
            return done
        told = done.stderr.strip().splitlines()
        if done.stdout.strip() or len(told) != 1 or not told[0].startswith("Error: "):
            self.fail(f"{words[0]} is not refused on one line: {done.stderr!r}")
        self.counts["refused"] += 1
        return None

    def usable_s(self, lengths: dict[int, float]) -> float:
        """How much music there is that a session may hold."""
        here = {
            item.recording
            for path, item in self.placed.items()
            if path not in self.gone and item.recording >= 0 and item.longest_s <= SILENCE_S
        }
        return sum(lengths[recording] for recording in here)


def make_pool(music: Path, folder: Path, chosen: argparse.Namespace, seed: int) -> Pool:
    """Write the pool and scan it once."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    lengths_s = (chosen.shortest, chosen.longest)
    sounds = [sound for _, sound in spoilt.excerpts(music, rng, chosen.recordings, lengths_s)]
    numbers = range(len(sounds))
    write = partial(spoilt.variants, folder, seed=seed, copies=chosen.copies)
    with ThreadPoolExecutor(chosen.jobs) as threads:
        items = [item for each in threads.map(write, numbers, sounds) for item in each]
    items += spoilt.noises(folder, sounds[0], seed)
    for name, data in (("text", b"no music " * 99), ("empty", b""), ("half", b"fLaC\0\0\0\x22")):
        file = folder / f"broken-{name}.flac"
        file.write_bytes(data)
        items.append(Item(os.fspath(file), "broken", name))
    library = folder / "pool.db"
    with api.Library.open(library) as opened, _workers(chosen.jobs) as workers:
        report = opened.scan(
            folder, executor=workers, jobs=chosen.jobs, vocals=False, embedding=False
        )
    return Pool(tuple(items), library, tuple(report.skipped), *lengths_s)


def _workers(jobs: int) -> ProcessPoolExecutor | ThreadPoolExecutor:
    if jobs == 1:
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


def selected(pool: Pool, rng: random.Random) -> Iterator[Item]:
    """Yield what one library holds."""
    numbers = sorted({item.recording for item in pool.items if item.recording >= 0})
    share = rng.uniform(0.4, 1.0)
    weights = [weight for weight, *_ in ROLES.values()]
    for number in rng.sample(numbers, int(share * len(numbers))):
        own = [item for item in pool.items if item.recording == number]
        _, always, among = ROLES[rng.choices(list(ROLES), weights)[0]]
        more = [item for item in own if item.kind in among]
        yield from (item for item in own if item.kind in always)
        yield from rng.sample(more, min(len(more), rng.choice((2, 2, 3))))
    bad = [item for item in pool.items if item.recording < 0]
    yield from rng.sample(bad, rng.choice((0, 2, 5)))


def fill(trial: Trial, pool: Pool) -> None:
    """Lay files and links into the folder of a library, under names of all kinds."""
    rng, music = trial.rng, trial.folder / "music"
    beside = trial.folder / "elsewhere"
    beside.mkdir(parents=True)
    for number, item in enumerate(selected(pool, rng)):
        name = rng.choice(NAMES) if rng.random() < 0.3 else "track"
        folder = music / rng.choice(FOLDERS)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{name[:200]} {number}{Path(item.file).suffix}"
        if rng.random() < 0.1:
            behind = beside / f"{number}{target.suffix}"
            os.link(item.file, behind)
            target.symlink_to(behind)
        else:
            os.link(item.file, target)
        trial.placed[os.fspath(target)] = item
    if rng.random() < 0.3:
        (music / "circle").symlink_to(music, target_is_directory=True)
        (music / "dangling.flac").symlink_to(beside / "nothing.flac")
    if rng.random() < 0.3:
        unseen = music / rng.choice(UNSEEN)
        unseen.mkdir()
        os.link(rng.choice(pool.items).file, unseen / "deleted.flac")


def scan(trial: Trial, pool: Pool) -> None:
    """Make the library; all that is music must be in it, and all else told."""
    shutil.copy(pool.library, trial.library)
    reasons = {each.path: each for each in pool.skipped}
    with api.Library.open(trial.library) as library, ThreadPoolExecutor(1) as thread:
        database = library._database  # noqa: SLF001 - what was refused once need not be decoded
        for path, item in trial.placed.items():
            if item.file in reasons and trial.rng.random() < 0.98:
                database.store_skipped(Skipped(path, reasons[item.file].reason), stat(path))
        report = library.scan(
            trial.folder / "music", executor=thread, vocals=False, embedding=False
        )
        database.forget([*(item.file for item in pool.items), *reasons])
        held = {file.path for file, _ in library.files()}
    told = {each.path for each in report.skipped if each.reason.strip()}
    for path, item in trial.placed.items():
        if item.recording < 0 and path in held:
            trial.fail(f"{item.kind} became a track")
        if item.recording < 0 and path not in told:
            trial.fail(f"{item.kind} was left out without a word")
        if item.recording >= 0 and path not in held:
            trial.fail(f"lost: {path}")
    if extra := held - trial.placed.keys():
        trial.fail(f"hidden files became tracks: {sorted(extra)}")
    trial.counts["files"] += len(trial.placed)


def lose(trial: Trial, share: float) -> None:
    """Take some files away, behind the back of the library."""
    left = [path for path in trial.placed if path not in trial.gone]
    for path in trial.rng.sample(left, int(share * len(left))):
        Path(path).resolve().unlink()
        trial.gone.add(path)


def judge(trial: Trial, what: str, barred: Sequence[int] = (), file: str = "s.json") -> list[int]:
    """Look at the session that was written; returns the recordings that it plays."""
    session = api.load_session(trial.folder / file)
    told = {note.code for note in (*session.relaxed, *session.warnings)}
    played = [slot.path for slot in (*session.slots, *session.tail)]
    spares = [spare.slot.path for spare in session.spares]
    if unknown := {*played, *spares} - trial.placed.keys():
        trial.fail(f"{what}: no files of the library: {sorted(unknown)}")
        return []
    for path in (*played, *spares):
        judge_file(trial, what, path, told=told, barred=barred)
    items = [trial.placed[path] for path in played]
    count = len(session.slots)
    for before, after in pairwise(items[:count]):
        if before.trail_s + after.lead_s > SILENCE_S + SLACK_S:
            trial.counts["silences between told"] += "silences" in told
            if told.isdisjoint({"silences", "silence"}):
                trial.fail(f"{what}: {before.trail_s:.0f} s + {after.lead_s:.0f} s of silence")
    recordings = [item.recording for item in items]
    for again in (number for number, plays in Counter(recordings).items() if plays > 1):
        kinds = [(item.kind, item.title) for item in items if item.recording == again]
        trial.fail(f"{what}: repeated: {kinds}")
    for spare in (trial.placed[path] for path in spares):
        if spare.recording in recordings[:count]:
            kind = items[recordings.index(spare.recording)].kind
            trial.fail(f"{what}: {spare.kind} is a spare where {kind} plays")
    trial.counts["sessions"] += 1
    return recordings


def judge_file(
    trial: Trial, what: str, path: str, *, told: Collection[str], barred: Collection[int]
) -> None:
    """Look at one file of a session."""
    item = trial.placed[path]
    if path in trial.gone:
        trial.fail(f"{what}: {item.kind} is gone")
    if item.recording < 0:
        trial.fail(f"{what}: {item.kind} is noise")
    if item.recording in barred:
        trial.fail(f"{what}: {item.kind} of {item.recording} was barred")
    if item.longest_s > SILENCE_S + SLACK_S:
        trial.counts["silences told"] += "silence" in told
        if "silence" not in told:
            trial.fail(f"{what}: {item.longest_s:.0f} s of silence")


def ask(trial: Trial, pool: Pool, lengths: dict[int, float]) -> None:
    """Make a session, and then change it or make another beside it."""
    rng = trial.rng
    duration_s = rng.uniform(4, 7) * (pool.shortest_s + pool.longest_s) / 2
    words = ["--duration", f"{duration_s / 60:.2f}m", "--seed", str(rng.randrange(9))]
    words += ["--min-length", f"{0.8 * pool.shortest_s}s", "--max-length", "15m"]
    if rng.random() < 0.2:
        words.append("--allow-short")
    outputs = ["-o", "s.json", "-o", "s.m3u8"]
    if rng.random() < 0.2:
        made = trial.run("rescue", *outputs)
    else:
        made = trial.run("build", rng.choice(PROFILES), *words, *outputs)
        plenty = trial.usable_s(lengths) > PLENTY * duration_s
        if made is None and plenty and len(trial.gone) <= MOST_GONE * len(trial.placed):
            trial.fail(f"build of {duration_s:.0f} s is refused")
    if made is None:
        return
    change(trial, words, outputs, judge(trial, "build"))


def change(
    trial: Trial, words: Sequence[str], outputs: Sequence[str], recordings: Sequence[int]
) -> None:
    """Change the session that plays these recordings, or make another beside it."""
    match trial.rng.choice(("swap", "swap", "drop", "replan", "avoid", "name")):
        case "swap" | "drop" as edit:
            place = trial.rng.randrange(len(api.load_session(trial.folder / "s.json").slots))
            if trial.run(edit, "s.json", place + 1):
                judge(trial, edit, [recordings[place]])
        case "replan":
            replan(trial)
        case "avoid":
            (trial.folder / "s.json").rename(trial.folder / "a.json")
            if trial.run("build", "steady", *words, "--avoid", "a.json", *outputs):
                judge(trial, "avoid", recordings)
        case "name":
            barred: list[int] = []
            for file in ("b.json", "c.json"):  # one file would be one session, made again
                if trial.run("build", "steady", *words, "--for", "A7", "-o", file):
                    barred += judge(trial, "name", barred, file)


def replan(trial: Trial) -> None:
    """Arrange the rest of a session again, while more files vanish."""
    session = api.load_session(trial.folder / "s.json")
    at_s = trial.rng.randrange(int(session.duration_s * 0.6))
    lose(trial, 0.1)
    # what has been heard already was there
    trial.gone -= {slot.path for slot in session.slots if slot.start_s <= at_s}
    if trial.run("replan", "s.json", "--at", f"{at_s // 60}:{at_s % 60:02}"):
        judge(trial, "replan")


def tried(pool: Pool, lengths: dict[int, float], folder: Path, seed: str) -> Trial:
    """Make one library, use it, and take it away."""
    trial = Trial(folder / seed, random.Random(seed))  # noqa: S311 - repeatable on purpose
    trial.folder.mkdir()
    fill(trial, pool)
    scan(trial, pool)
    if trial.rng.random() < 0.6:
        lose(trial, trial.rng.choice((0.05, 0.15, 0.6)))
    ask(trial, pool, lengths)
    shutil.rmtree(trial.folder)
    return trial


def run(music: Path, chosen: argparse.Namespace) -> dict[str, object]:
    """Make the pool and try all libraries; returns what is printed."""
    began, counts, failures = time.monotonic(), Counter[str](), []
    with tempfile.TemporaryDirectory(prefix="nextroom-") as name:
        folder = Path(name).resolve()
        (folder / "pool").mkdir()
        pool = make_pool(music, folder / "pool", chosen, chosen.seed)
        with api.Library.open(pool.library) as library:
            at = {file.path: length_s for file, length_s in library.files()}
        lengths = {i.recording: at[i.file] for i in pool.items if i.kind == "clean"}
        made_s = time.monotonic() - began
        seeds = [f"{chosen.seed}-{number}" for number in range(chosen.libraries)]
        one = partial(tried, pool, lengths, folder)
        with _workers(chosen.jobs) as workers:
            trials = map(one, seeds) if chosen.jobs == 1 else workers.map(one, seeds)
            for seed, trial in zip(seeds, trials, strict=True):
                counts.update(trial.counts)
                failures += [f"library {seed}: {each}" for each in trial.failures]
    return {
        "harness": "nextroom",
        "seed": chosen.seed,
        "libraries": chosen.libraries,
        "recordings": len(lengths),
        "pool": len(pool.items),
        **counts,
        "pool_seconds": round(made_s, 1),
        "seconds": round(time.monotonic() - began, 1),
        "failed": len(failures),
        "failures": failures[:20],
    }


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path, help="a folder of real music")
    parser.add_argument("--libraries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--recordings", type=int, default=24)
    parser.add_argument("--copies", type=int, default=1, help="of each in other formats")
    parser.add_argument("--shortest", type=float, default=130.0, help="seconds of an excerpt")
    parser.add_argument("--longest", type=float, default=160.0)
    return parser.parse_args(words)


def main() -> int:
    """Make, try, tell."""
    chosen = arguments()
    print(f"seed {chosen.seed}", file=sys.stderr)  # noqa: T201 - told even if all fails
    told = run(chosen.music, chosen)
    print(json.dumps(told))  # noqa: T201 - the product
    return 1 if told["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
