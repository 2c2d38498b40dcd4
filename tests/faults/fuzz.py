"""Mutated files of every format, scanned among sound ones; prints one JSON line.

Each must end as a track or as skipped with a reason, within the limits, and cost no neighbour.
The same seed gives the same files. Exits non-zero where anything is lost.
"""

import argparse
import json
import os
import random
import re
import secrets
import shutil
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import mutagen
import mutagen.apev2
import mutagen.flac
import mutagen.id3
import numpy as np
import psutil

from playlist_builder.library.library import Library
from playlist_builder.library.scan.processes import Workers

DATA = Path(__file__).parents[1] / "data"
RATE_HZ = 16000
SECONDS = 1.5
LIMIT_S = 20.0
LIMIT_MB = 500.0
OVERSHOOT_MB = 300.0  # between two looks at a process
FORMS = {
    # A name, whose suffix it is written under: FFmpeg's container, encoder and rate.
    "a.mp3": ("mp3", "libmp3lame", RATE_HZ),
    "a.flac": ("flac", "flac", RATE_HZ),
    "a.ogg": ("ogg", "vorbis", RATE_HZ),
    "a.oga": ("ogg", "flac", RATE_HZ),
    "a.opus": ("ogg", "libopus", 48000),
    "a.m4a": ("ipod", "aac", RATE_HZ),
    "alac.m4a": ("ipod", "alac", RATE_HZ),
    "a.mp4": ("mp4", "aac", RATE_HZ),
    "a.wav": ("wav", "pcm_s16le", RATE_HZ),
    "float.wav": ("wav", "pcm_f32le", RATE_HZ),
    "adpcm.wav": ("wav", "adpcm_ms", RATE_HZ),
    "a.w64": ("w64", "pcm_s16le", RATE_HZ),
    "a.aiff": ("aiff", "pcm_s16be", RATE_HZ),
    "a.wma": ("asf", "wmav2", RATE_HZ),
    "a.wv": ("wv", "wavpack", RATE_HZ),
    "a.aac": ("adts", "aac", RATE_HZ),
    "a.ac3": ("ac3", "ac3", 48000),
    "a.eac3": ("eac3", "eac3", 48000),
    "a.mp2": ("mp2", "mp2", 48000),
    "a.caf": ("caf", "pcm_s16be", RATE_HZ),
    "a.au": ("au", "pcm_s16be", RATE_HZ),
    "a.tta": ("tta", "tta", RATE_HZ),
    "a.mka": ("matroska", "flac", RATE_HZ),
    "a.webm": ("webm", "libopus", 48000),
}
NOT_SCANNED_BY_NAME = {".eac3": ".ac3", ".mp4": ".m4a"}
ABSURD = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFF00, 0xFFFFFFFF)


def written(file: Path, form: tuple[str, str, int], seed: int) -> bytes:
    """Encode a second or two of noise under a tone."""
    container, codec, rate_hz = form
    count = int(SECONDS * rate_hz)
    noise = 0.05 * np.random.default_rng(seed).standard_normal(count)
    sound = noise + 0.2 * np.sin(2 * np.pi * (200 + 10 * seed) * np.arange(count) / rate_hz)
    samples = np.repeat((32767 * sound).astype(np.int16), 2).reshape(1, -1)
    with av.open(os.fspath(file), "w", format=container) as out:
        out.metadata.update({"title": f"Piece {seed}", "artist": "Someone", "comment": "x" * 300})
        stream = out.add_stream(codec, rate=rate_hz, layout="stereo")
        context = stream.codec_context
        context.options = {"strict": "experimental"}
        if codec == "wmav2":
            context.bit_rate = 64_000
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        fit = av.AudioResampler(
            context.format, "stereo", rate_hz, frame_size=context.frame_size or 1024
        )
        for each in (*fit.resample(frame), *fit.resample(None)):
            out.mux(stream.encode(each))
        out.mux(stream.encode(None))
    decorate(file)
    return file.read_bytes()


def decorate(file: Path) -> None:
    """Give a file a cover and many tags, where its format takes them."""
    cover = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
    if file.suffix in {".mp3", ".aiff"}:
        tagged = mutagen.File(file)
        if tagged.tags is None:
            tagged.add_tags()
        tags = tagged.tags
        tags.add(mutagen.id3.APIC(mime="image/png", type=3, data=cover))
        tags.add(mutagen.id3.USLT(lang="eng", desc="", text="la la"))
        tags.add(mutagen.id3.TXXX(desc="REPLAYGAIN_TRACK_GAIN", text="-3 dB"))
        tags.add(mutagen.id3.SYLT(lang="eng", format=2, type=1, desc="", text=[("la", 5)]))
        tags.add(mutagen.id3.RVA2(desc="track", channel=1, gain=-3.0, peak=0.5))
        tagged.save()
    elif file.suffix == ".flac":
        tagged = mutagen.flac.FLAC(file)
        picture = mutagen.flac.Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", cover
        tagged.add_picture(picture)
        tagged.save()
    if file.suffix in {".mp3", ".wv", ".tta"}:
        ape = mutagen.apev2.APEv2()
        ape["Title"], ape["Artist"] = "Piece", ["One", "Two"]
        ape.save(file)


def absurd(rng: random.Random) -> bytes:
    value = rng.choice((*ABSURD, rng.getrandbits(32)))
    size = rng.choice((1, 2, 3, 4, 4, 4, 8))
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, rng.choice(("big", "little")))


def place(rng: random.Random, data: bytes) -> int:
    """A place in the file; in the header or the end as often as anywhere."""
    size = max(1, len(data))
    return rng.choice(
        (
            rng.randrange(min(size, 64)),
            rng.randrange(min(size, 2048)),
            rng.randrange(size),
            size - 1 - rng.randrange(min(size, 512)),
        )
    )


def cut(rng: random.Random, data: bytes, _: bytes) -> bytes:
    return data[: rng.choice((rng.randrange(64), place(rng, data)))]


def beheaded(rng: random.Random, data: bytes, _: bytes) -> bytes:
    return data[place(rng, data) :]


def flipped(rng: random.Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _each in range(rng.choice((1, 4, 32, 512))):
        changed[place(rng, data)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def spliced(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return other[: rng.choice((16, 64, 512, place(rng, other)))] + data[place(rng, data) :]


def swapped(_: random.Random, __: bytes, other: bytes) -> bytes:
    return other


def lied(rng: random.Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _each in range(rng.choice((1, 1, 2, 5))):
        at, value = place(rng, data), absurd(rng)
        changed[at : at + len(value)] = value
    return bytes(changed)


def zeroed(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at, size = place(rng, data), rng.choice((4, 64, 1024, len(data)))
    return data[:at] + bytes(min(size, len(data) - at)) + data[at + size :]


def repeated(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at, size = place(rng, data), rng.choice((8, 64, 1024, 10_000))
    return data[:at] + data[at : at + size] * rng.choice((2, 3, 50)) + data[at:]


def bloated(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at = place(rng, data)
    return data[:at] + rng.randbytes(rng.choice((1, 3, 100, 5000))) + data[at:]


def with_id3(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """An ID3v2 tag with sizes that lie, in front."""
    frames = b"".join(
        rng.choice(
            (b"TIT2", b"APIC", b"COMM", b"TXXX", b"USLT", b"SYLT", b"RVA2", b"CHAP", b"TDRC")
        )
        + absurd(rng)[:4].ljust(4, b"\0")
        + rng.randbytes(2 + rng.randrange(40))
        for _each in range(rng.randrange(1, 6))
    )
    size = rng.choice((len(frames), rng.getrandbits(28), 0, (1 << 28) - 1))
    seven = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    head = b"ID3" + bytes((rng.choice((2, 3, 4, 9)), 0, rng.choice((0, 0x80, 0x40, 0xF0)))) + seven
    return head + frames + data


def with_ape(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """An APEv2 tag whose size, count or items lie, behind."""
    items = b"".join(
        absurd(rng)[:4].ljust(4, b"\0") + struct.pack("<I", rng.getrandbits(3)) + b"Title\0hello"
        for _each in range(rng.randrange(1, 6))
    )
    size = rng.choice((len(items) + 32, rng.getrandbits(32), 0, 0xFFFFFFFF))
    count = rng.choice((1, rng.getrandbits(32), 0xFFFFFFFF))
    tail = struct.pack(
        "<8sIIII8x", b"APETAGEX", 2000, size, count, rng.choice((0, 1 << 31, 1 << 29))
    )
    return data + items + tail


def with_comments(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """Vorbis comments that count themselves into the billions."""
    for mark in (b"\x03vorbis", b"OpusTags", b"reference libFLAC", b"Lavf"):
        at = data.find(mark)
        if at >= 0:
            at += len(mark) + rng.choice((0, 4, rng.randrange(64)))
            value = absurd(rng)
            return data[:at] + value + data[at + len(value) :]
    return lied(rng, data, b"")


def chunked(rng: random.Random, data: bytes, _: bytes) -> bytes:
    """The sizes of chunks, boxes or pages, found by their names, lie."""
    names = list(re.finditer(rb"OggS|[a-zA-Z]{4}|\x1a\x45\xdf\xa3|wvpk", data[:20_000]))
    if not names:
        return lied(rng, data, b"")
    at = rng.choice(names).start() + rng.choice((-4, 4, 4, 26))
    value = absurd(rng)
    return data[: max(0, at)] + value + data[max(0, at) + len(value) :]


MUTATIONS: tuple[Callable[[random.Random, bytes, bytes], bytes], ...] = (
    cut,
    beheaded,
    flipped,
    spliced,
    swapped,
    lied,
    zeroed,
    repeated,
    bloated,
    with_id3,
    with_ape,
    with_comments,
    chunked,
)


def seeds(folder: Path, seed: int) -> dict[str, bytes]:
    """Return a sound file of every format that can be made here, and one of Musepack."""
    folder.mkdir()
    made = {}
    for name, form in FORMS.items():
        try:
            made[name] = written(folder / name, form, seed)
        except (av.error.FFmpegError, av.codec.codec.UnknownCodecError):
            continue  # an encoder that this build of FFmpeg lacks
    made["a.mpc"] = (DATA / "tone.mpc").read_bytes()
    return made


def mutated(sound: dict[str, bytes], count: int, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of files that are broken in every way."""
    names = sorted(sound)
    for number in range(count):
        name, other = names[number % len(names)], rng.choice(names)
        mutation = MUTATIONS[number // len(names) % len(MUTATIONS)]
        data = mutation(rng, sound[name], sound[other])
        if rng.random() < 0.3:
            data = rng.choice(MUTATIONS)(rng, data or b"\0", sound[other])
        suffix = Path(name).suffix
        yield f"{number:05}-{mutation.__name__}{NOT_SCANNED_BY_NAME.get(suffix, suffix)}", data


class Peak(threading.Thread):
    """Notes the most memory that any process started from here takes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.mb = 0.0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.02):
            for child in psutil.Process().children():
                try:
                    self.mb = max(self.mb, child.memory_info().rss / 1e6)
                except psutil.Error:
                    continue


def main() -> int:
    """Make, scan, judge and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--keep", type=Path, help="where the files are left")
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)  # noqa: S311 - repeatable on purpose
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
    music = folder / "music"
    music.mkdir(parents=True)
    sound = seeds(folder / "seeds", 0)
    broken = {}
    for name, data in mutated(sound, chosen.files, rng):
        broken[name] = data
        (music / name).write_bytes(data)
    good = {f"good-{number}-{name}" for number in (1, 2, 3) for name in sound}
    for name in good:
        _, number, form = name.split("-", 2)
        renamed = music / name.replace(".eac3", ".eac3.ac3")
        if form == "a.mpc":
            renamed.write_bytes(sound[form])
        else:
            written(renamed, FORMS[form], int(number))
    good = {path.name for path in music.glob("good-*")}

    print(f"seed {chosen.seed}", file=sys.stderr)  # noqa: T201 - told even if the scan fails
    peak, began = Peak(), time.monotonic()
    peak.start()
    times: list[tuple[float, str]] = []
    last = began

    def note(progress):
        nonlocal last
        now = time.monotonic()
        times.append((now - last, Path(progress.path).name))
        last = now

    with (
        Library.open(folder / "library.db") as library,
        Workers(os.cpu_count() or 1, limit_s=LIMIT_S, limit_mb=LIMIT_MB) as workers,
    ):
        report = library.scan(music, executor=workers, progress=note)
        found = {Path(file.path).name for file, _ in library.files()}
        strange = [
            Path(track.path).name
            for track in library.tracks()
            if not (0 <= track.energy <= 1 and np.isfinite(track.contour).all())
        ]
    peak.done.set()
    skipped = {Path(each.path).name: each.reason for each in report.skipped}
    deaths = Counter(
        re.sub(r"[0-9]+", "N", reason)
        for reason in skipped.values()
        if reason.startswith("the decoder")
    )
    lost = sorted((broken.keys() | good) - found - skipped.keys())
    failures = [
        *(f"lost: {name}" for name in lost),
        *(f"no energy: {name}" for name in strange),
        *(f"twofold: {name}" for name in sorted(found & skipped.keys())),
        *(f"good neighbour skipped: {name}: {skipped[name]}" for name in sorted(good - found)),
        *(f"no reason: {name}" for name, reason in skipped.items() if not reason.strip()),
        *(f"a process is left: {child.pid}" for child in psutil.Process().children()),
    ]
    if peak.mb > LIMIT_MB + OVERSHOOT_MB:
        failures.append(f"a process took {peak.mb:.0f} MB")
    if len(broken) != chosen.files or not good:
        failures.append("not all files were made")
    print(  # noqa: T201 - the product
        json.dumps(
            {
                "harness": "fuzz",
                "seed": chosen.seed,
                "files": len(broken),
                "formats": len(sound),
                "good": len(good),
                "tracks": len(found),
                "skipped": len(skipped),
                "deaths": dict(deaths),
                "peak_mb": round(peak.mb),
                "slowest": [f"{name} {spent_s:.1f} s" for spent_s, name in sorted(times)[-2:]],
                "seconds": round(time.monotonic() - began, 1),
                "failures": failures[:10],
            }
        )
    )
    if not chosen.keep:
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
