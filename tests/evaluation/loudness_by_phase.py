"""Whether the planned loudness is heard of copies in players, and of recordings; one JSON line.

    python -m tests.evaluation.loudness_by_phase LIBRARY [MINUTES] [WAY ...]

Five sessions of MINUTES (30), of the profiles in `SESSIONS`, are arranged of a scanned library,
which is copied first. Each goes every WAY (all of them): mpv and MPD play a plain copy and one made
with `--levelled` into a file, heeding ReplayGain; mpv plays one made with `--for-phone`, heeding
none; `render` writes a recording. Of what sounds is measured, the tail included:

`phase_off_lu`: the loudness of the tracks of each phase, less what the plan has there, less the
mean of that over the session: the worst of a session. Bar: 1.5.
`joins`: rises by more than the profile allows from the 3 s of music before a join to the 3 s after
it, in a recording before and after the crossfade. Silence at the edges of files is no music, and
what is over `FLOOR_LU` softer than the track behind counts as if it were not softer. `of` counts
all joins, `join_lu` is the worst. `after_endings` are those of the rises behind music that has
faded by itself: its last 3 s are `FADED_LU` softer than its last 10 s. Bar: none.
`calm`: tracks of calm phases in which a second rises by more than `CALM_RISE_LU` over the ten
before it; `calm_lu` is the worst. Bar: none.
"""

import contextlib
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402 - after the threads are pinned

from playlist_builder.analysis import loudness  # noqa: E402
from playlist_builder.audio import decode  # noqa: E402
from playlist_builder.device.copy import copy_session  # noqa: E402
from playlist_builder.models import Floats, Floats32, Session, Slot  # noqa: E402
from playlist_builder.profiles.own import own_profile  # noqa: E402
from playlist_builder.profiles.profile import Profile  # noqa: E402
from playlist_builder.recording import levels  # noqa: E402
from playlist_builder.recording.gains import CALM_RISE_LU  # noqa: E402
from playlist_builder.recording.levels import FRAMES_PER_S, SILENCE_DBFS  # noqa: E402
from playlist_builder.recording.measure import stereo_blocks  # noqa: E402
from playlist_builder.recording.render import render_session  # noqa: E402
from playlist_builder.recording.ride import BEFORE_S, FLOOR_LU  # noqa: E402
from playlist_builder.session_request import SessionRequest  # noqa: E402
from playlist_builder.sessions.library import Library  # noqa: E402

SESSIONS = ("arc", "relaxation", "ketamine-iv", "mdma", "psilocybin")
RATE_HZ = 48_000
EDGE_S = 3
FADED_LU = 6.0
PER_S = levels.BLOCKS_PER_S
AUDIBLE_LU = 0.05
MPD = """\
music_directory "{music}"
playlist_directory "{own}"
db_file "{own}/database"
bind_to_address "{own}/socket"
replaygain "{gain}"
audio_output {{
    type "pipe"
    name "file"
    command "cat > {own}/out.pcm"
    format "48000:16:2"
}}
"""


@dataclass(frozen=True)
class Placed:
    """A slot where it plays alone, and where its music is heard, in seconds of what was played."""

    slot: Slot
    alone_s: tuple[float, float]
    heard_s: tuple[float, float]


def played_by_mpv(playlist: str, folder: Path, gain: str) -> Path:
    """Play into a file of samples as fast as it goes."""
    out = folder / "out.pcm"
    subprocess.run(
        [
            *("mpv", "--no-config", "--really-quiet", f"--replaygain={gain}", "--ao=pcm"),
            *("--gapless-audio=yes", "--audio-format=s16", f"--audio-samplerate={RATE_HZ}"),
            *("--audio-channels=stereo", "--ao-pcm-waveheader=no", f"--ao-pcm-file={out}"),
            f"--playlist={playlist}",
        ],
        check=True,
    )
    return out


def played_by_mpd(playlist: str, folder: Path, gain: str) -> Path:
    """Play into a file of samples."""
    mode = {"track": "track", "no": "off"}[gain]
    text = MPD.format(music=Path(playlist).parent, own=folder, gain=mode)
    (folder / "mpd.conf").write_text(text, encoding="utf-8")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            subprocess.Popen(
                ["mpd", "--no-daemon", folder / "mpd.conf"],  # noqa: S607
                stderr=subprocess.DEVNULL,
            )
        )
        stack.callback(server.terminate)
        link = stack.enter_context(socket.socket(socket.AF_UNIX))
        while link.connect_ex(f"{folder}/socket"):
            time.sleep(0.1)
        answers = stack.enter_context(link.makefile("rb"))
        answers.readline()

        def ask(command: str) -> list[bytes]:
            link.sendall(command.encode() + b"\n")
            lines = []
            while (line := answers.readline()) != b"OK\n":
                if not line or line.startswith(b"ACK"):
                    raise RuntimeError(line)
                lines.append(line)
            return lines

        ask("update")
        while any(b"updating_db" in line for line in ask("status")):
            time.sleep(0.1)
        ask(f'load "{Path(playlist).name}"')
        ask("play 0")
        while b"state: stop\n" not in ask("status"):
            time.sleep(0.2)
    return folder / "out.pcm"


def samples_of(path: Path) -> Iterator[Floats32]:
    """Yield seconds of a file of 16-bit stereo, shape (2, n)."""
    with path.open("rb") as file:
        while data := file.read(4 * RATE_HZ):
            yield np.frombuffer(data, "<i2").reshape(-1, 2).T.astype(np.float32) / 32768.0


def in_files(report: Sequence[str], slots: Sequence[Slot]) -> list[Placed]:
    """Where each track plays, one file after another."""
    placed, at_s = [], 0.0
    for path, slot in zip(report, slots, strict=True):
        with decode.AudioFile(path) as file:
            length_s = sum(block.shape[1] for block in file.blocks()) / file.layout.sample_rate_hz
        placed.append(Placed(slot, (at_s, at_s + length_s), (at_s, at_s + length_s)))
        at_s += length_s
    return placed


def measured(
    power: Floats, sounding: Floats, placed: Sequence[Placed], profile: Profile
) -> dict[str, object]:
    """Return the figures of one session by the power of its tenths of seconds."""
    limit_lu = profile.rules.loudness_step_lu + AUDIBLE_LU
    heard, ends = [], []
    for each in placed:
        # Whole tenths: one that holds the beginning of the next track would end no silence.
        first, last = math.ceil(each.heard_s[0] * PER_S), math.floor(each.heard_s[1] * PER_S)
        sound = np.flatnonzero(sounding[first:last])
        heard.append(power[first + sound[0] : first + sound[-1] + 1] if len(sound) else power[:1])
        ends.append(power[first:last])
    edge = EDGE_S * PER_S
    rises, faded, from_silence = [], [], []
    for left, right, whole in zip(heard, heard[1:], ends, strict=False):
        before, long_before = (loudness.lufs(left[-n:].mean()) for n in (edge, 10 * PER_S))
        floor = loudness.integrated_lufs(right) + FLOOR_LU
        rises.append(float(loudness.lufs(right[:edge].mean()) - max(before, floor)))
        with_silence = max(float(loudness.lufs(whole[-edge:].mean())), floor)
        from_silence.append(float(loudness.lufs(right[:edge].mean())) - with_silence)
        faded.append(bool(before < long_before - FADED_LU))
    calm_lu = [
        rise_within(own)
        for own, each in zip(heard, placed, strict=True)
        if next((p.is_calm for p in profile.phases if p.name == each.slot.phase), True)
    ]
    over = [rise > limit_lu for rise in rises]
    return {
        "phase_off_lu": phase_off_lu(power, placed, profile),
        "joins": sum(over),
        "after_endings": sum(a and b for a, b in zip(over, faded, strict=True)),
        "with_silence": sum(rise > limit_lu for rise in from_silence),
        "of": len(rises),
        "join_lu": max(rises),
        "calm": sum(rise > CALM_RISE_LU + AUDIBLE_LU for rise in calm_lu),
        "calm_of": len(calm_lu),
        "calm_lu": max(calm_lu),
    }


def phase_off_lu(power: Floats, placed: Sequence[Placed], profile: Profile) -> float:
    """Return how far the loudness of a phase is off the plan at worst, in LU."""
    off, weights = [], []
    for _, group in groupby(placed, key=lambda each: each.slot.phase):
        own = list(group)
        parts = [power[slice(*(round(s * PER_S) for s in each.alone_s))] for each in own]
        lengths = [len(part) for part in parts]
        middles = [(each.slot.start_s + each.slot.end_s) / 2.0 for each in own]
        planned = float(np.average(profile.loudness_lu(middles), weights=lengths))
        off.append(loudness.integrated_lufs(np.concatenate(parts)) - planned)
        weights.append(sum(lengths))
    return float(np.abs(np.array(off) - np.average(off, weights=weights)).max())


def rise_within(power: Floats) -> float:
    """Return the largest rise of a second over the mean of the ten before it, in LU."""
    seconds = power[: len(power) // PER_S * PER_S].reshape(-1, PER_S).mean(axis=1)
    floor = loudness.integrated_lufs(power) + FLOOR_LU
    sums = np.concatenate(([0.0], np.cumsum(seconds)))
    before = (sums[BEFORE_S:-1] - sums[: -BEFORE_S - 1]) / BEFORE_S
    lufs = np.maximum(loudness.lufs(before), floor)
    return float((loudness.lufs(seconds[BEFORE_S:]) - lufs).max(initial=0.0))


def of_players(
    kind: str, players: Sequence[str], session: Session, folder: Path
) -> Iterator[tuple[str, dict[str, object]]]:
    """Copy a session, play the copy by each player, and yield what was measured of each."""
    options: dict[str, Any] = {
        "plain": {},
        "levelled": {"levels": "tags"},
        "phone": {"levels": "samples", "form": "mp3", "as_album": True},
    }[kind]
    report = copy_session(session, folder / "stick", name="s", jobs=1, **options)
    placed = in_files([each.path for each in report.files], [*session.slots, *session.tail])
    profile = own_profile(session)
    assert profile is not None
    for player in players:
        play = {"mpv": played_by_mpv, "mpd": played_by_mpd}[player]
        out = play(report.playlist, folder, "track" if kind == "levelled" else "no")
        found, sounding = powers(samples_of(out))
        off_s = out.stat().st_size / 4 / RATE_HZ - placed[-1].alone_s[1]
        out.unlink()
        figures = measured(found, sounding, placed, profile)
        yield f"{player} {kind}", figures | {"length_off_s": off_s}


def of_recording(session: Session, folder: Path) -> dict[str, object]:
    """Render a session and measure the recording."""
    made = render_session(session, folder / "out.flac")
    clips = made.plan.clips
    found, sounding = powers(stereo_blocks(made.path, RATE_HZ))
    placed = []
    for slot, left, clip, right in zip(
        (*session.slots, *session.tail), (None, *clips), clips, (*clips[1:], None), strict=False
    ):
        begin = max(clip.at, left.end if left else 0) / FRAMES_PER_S
        end = min(clip.end, right.at if right else clip.end) / FRAMES_PER_S
        placed.append(Placed(slot, (begin, end), (begin, end)))
    profile = own_profile(session)
    assert profile is not None
    Path(made.path).unlink()
    return measured(found, sounding, placed, profile) | {"length_off_s": 0.0}


def powers(blocks: Iterator[Floats32]) -> tuple[Floats, Floats]:
    """Return K-weighted power and whether anything sounds, one value per tenth of a second."""
    kept: list[Floats32] = []

    def told() -> Iterator[Floats32]:
        for block in blocks:
            size = RATE_HZ // PER_S
            whole = np.pad(block, ((0, 0), (0, -block.shape[1] % size)))
            parts = whole.reshape(2, -1, size)
            kept.append(parts.var(axis=2).sum(axis=0))
            yield block

    found = levels.measure(told(), RATE_HZ)
    return found.k_power, np.concatenate(kept) > 10.0 ** (SILENCE_DBFS / 10.0)


WAYS = ("mpv plain", "mpd plain", "mpv levelled", "mpd levelled", "mpv phone", "render")


def main() -> None:
    """Evaluate, and print the figures: of every session, and the worst or sum of each."""
    library, minutes = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    ways = sys.argv[3:] or WAYS
    figures: dict[str, list[dict[str, object]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as place:
        own = Path(shutil.copy(library, place))
        with Library.open(own) as opened:
            sessions = [
                opened.build(SessionRequest(name, duration_s=60.0 * minutes, seed=seed))
                for seed, name in enumerate(SESSIONS)
            ]
        for name, session in zip(SESSIONS, sessions, strict=True):
            for way, found in of_session(session, ways, place):
                figures[way].append({"session": name} | found)
                sys.stderr.write(f"{way} {figures[way][-1]}\n")
    table = {way: summary(every) for way, every in figures.items()}
    sys.stdout.write(json.dumps({"ways": table} | figures) + "\n")


def of_session(
    session: Session, ways: Sequence[str], place: str
) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the figures of a session each way."""
    for kind in ("plain", "levelled", "phone"):
        players = [way.split()[0] for way in ways if way.endswith(f" {kind}")]
        if players:
            with tempfile.TemporaryDirectory(dir=place) as folder:
                yield from of_players(kind, players, session, Path(folder))
    if "render" in ways:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            yield "render", of_recording(session, Path(folder))


def summary(every: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return sums of what is counted, and the worst of what is measured."""
    values = {key: [each[key] for each in every] for key in every[0] if key != "session"}
    return {
        key: sum(found) if isinstance(found[0], int) else round(max(map(abs, found)), 2)  # type: ignore[arg-type]
        for key, found in values.items()
    }


if __name__ == "__main__":
    main()
