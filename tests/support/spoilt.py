"""Music spoilt in the ways that reach a listener: silences, copies in disguise, noise.

In goes a folder of real music, out comes a pool of short files of which is known by construction
what they hold. Nothing here asks the code under test what it measures.
"""

import os
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import mutagen
import numpy as np
from numpy.typing import NDArray

from playlist_builder.audio import encode
from tests.support.coding import Form, written

RATE_HZ = 22050
WORD_RATE_HZ = 44100
BLOCK_S = 0.1
QUIET = 10 ** (-50 / 20)  # level of a block below which real music may pass for silence
STILL_DB = 0.7  # what moves less in level is documented to be known by its names alone
REST_S = 3.0  # the longest such rest that an excerpt may hold
SHORT_S, LONG_S = (2.0, 12.0), (17.0, 75.0)  # silences that a session may hold, or not
SUFFIXES = {".aac", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"}
FORMS = (
    Form(".mp3", "libmp3lame", RATE_HZ, 96),
    Form(".opus", "libopus", 48000, 64),
    Form(".caf", "pcm_s16be", 44100),
    Form(".m4a", "aac", RATE_HZ, 96),
    Form(".wav", "pcm_s16le", RATE_HZ),
    Form(".aiff", "pcm_s16be", RATE_HZ),
)
TAGGED = {".mp3", ".opus", ".m4a"}
PLACEHOLDERS = (
    *("V.A.", "Various Artists", "Artistes divers", "[no artist]", "Unknown Artist", "[unknown]"),
    *("Verschiedene Interpreten", "Artisti vari", "Varios artistas", "オムニバス", "неизвестен"),
)
TITLES = (
    "Don't Look Back, Part {}",
    "Été à l'Île - No. {}",
    "Half-Light (Reprise {})",
    'The "Quiet" Room {}',
    "Größer & Kleiner {}",
    "Slow... and Slower {}",
)
STREAMS = {  # how frames of DTS begin, by form
    "dts": "FE7F0180",
    "dts-big": "7FFE8001FC3C",
    "dts-14": "FF1F00E8F107",
    "dts-14-big": "1FFFE80007F1",
}
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Item:
    """A file, the recording that it holds (-1: none), and silence at its edges and within."""

    file: str
    kind: str
    title: str
    recording: int = -1
    lead_s: float = 0.0
    inner_s: float = 0.0
    trail_s: float = 0.0

    @property
    def longest_s(self) -> float:
        """The longest silence."""
        return max(self.lead_s, self.inner_s, self.trail_s)


def excerpts(
    folder: Path, rng: random.Random, count: int, lengths_s: tuple[float, float]
) -> Iterator[tuple[str, Samples]]:
    """Yield up to so many files of a folder with a part of each that holds no silence."""
    files = sorted(each for each in folder.rglob("*") if each.suffix.lower() in SUFFIXES)
    rng.shuffle(files)
    found = 0
    for file in files:
        sound = excerpt(file, rng.uniform(*lengths_s))
        if sound is not None:
            yield os.fspath(file), sound
            found += 1
        if found == count:
            return


def excerpt(file: Path, length_s: float) -> Samples | None:
    """Return the beginning of a file as mono; None where it is too short, or rests for long."""
    blocks, seconds = [], 0.0
    to_mono = av.AudioResampler("s16", "mono", RATE_HZ)
    try:
        with av.open(os.fspath(file)) as container:
            for frame in container.decode(audio=0):
                frame.pts = None
                blocks += [each.to_ndarray()[0] for each in to_mono.resample(frame)]
                seconds += frame.samples / frame.sample_rate
                if seconds > length_s + 1.0:
                    break
    except (av.error.FFmpegError, IndexError):
        return None
    if seconds < length_s:
        return None
    sound = (np.concatenate(blocks)[: int(length_s * RATE_HZ)] / 32768.0).astype(np.float32)
    return sound if rest_s(sound) <= REST_S else None


def rest_s(sound: Samples) -> float:
    """Return how long the longest quiet part lasts."""
    size = int(BLOCK_S * RATE_HZ)
    blocks = sound[: len(sound) // size * size].reshape(-1, size)
    loud = np.flatnonzero(np.sqrt((blocks**2).mean(axis=1)) >= QUIET)
    edges = np.concatenate(([-1], loud, [len(blocks)]))
    return float(np.diff(edges).max() - 1) * BLOCK_S


def moves_db(sound: Samples) -> float:
    """Return the standard deviation of the level of parts of 10 s."""
    size = min(10 * RATE_HZ, len(sound))
    parts = sound[: len(sound) // size * size].reshape(-1, size)
    return float((10.0 * np.log10((parts**2).mean(axis=1) + 1e-12)).std())


def titled(title: str, rng: random.Random) -> str:
    """Return a title as another program writes it."""
    changes = (
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace("'", "\u2019").replace('"', "\u201d"),
        lambda text: text.replace("-", "\u2010"),
        lambda text: text.replace("...", "\u2026").replace(" - ", " \u2013 "),
        str.upper,
        lambda text: text.replace(" ", "\u00a0"),
    )
    for change in rng.sample(changes, rng.choice((1, 1, 2))):
        title = change(title)
    return title


def silent(seconds: float, rng: random.Random) -> Samples:
    """Return silence as it is found in files: of zeros, dither, an offset, or with clicks."""
    sound = np.zeros(int(seconds * RATE_HZ), np.float32)
    kind = rng.choice(("zeros", "zeros", "dither", "offset", "clicks"))
    if kind == "dither":
        sound += np.random.default_rng(rng.getrandbits(32)).choice(
            np.float32([-1 / 32767, 0.0, 1 / 32767]), len(sound)
        )
    elif kind == "offset":
        sound += np.float32(0.002)
    elif kind == "clicks":
        sound[RATE_HZ :: 5 * RATE_HZ] = 0.3
    return sound


def with_silence(
    sound: Samples, rng: random.Random, lengths_s: tuple[float, float]
) -> tuple[Samples, dict[str, float]]:
    """Return music with a silence at an edge or within, and where it is for how long."""
    seconds = rng.uniform(*lengths_s)
    gap = silent(seconds, rng)
    at = int(rng.uniform(0.3, 0.7) * len(sound))
    parts, place = {
        "lead": ((gap, sound), "lead_s"),
        "inner": ((sound[:at], gap, sound[at:]), "inner_s"),
        "trail": ((sound, gap), "trail_s"),
    }[rng.choice(("lead", "inner", "trail"))]
    return np.concatenate(parts), {place: seconds}


def variants(
    folder: Path, recording: int, sound: Samples, seed: int, copies: int = 2
) -> list[Item]:
    """Write all files of one recording: clean, in disguise, and with silences."""
    rng = random.Random(f"{seed}-{recording}")  # noqa: S311 - repeatable on purpose
    title = rng.choice(TITLES).format(recording)
    artist = f"Zoë O'Hara-{recording // 2}" if rng.random() < 0.7 else rng.choice(PLACEHOLDERS)
    mbid = f"{recording:08x}-0000-4000-8000-{rng.getrandbits(48):012x}"
    stem = f"{folder}/{recording:03}"
    items = []

    def flac(kind: str, own: Samples, tags: dict[str, str], **silence: float) -> str:
        file = f"{stem}-{kind}.flac"
        encode.write_flac(file, own[None], RATE_HZ, tags)
        items.append(Item(file, kind, tags.get("title", ""), recording, **silence))
        return file

    tags = {"title": title, "artist": artist}
    known = tags | {"musicbrainz_trackid": mbid} if rng.random() < 0.5 else tags
    clean = flac("clean", sound, known)
    still, forms = moves_db(sound) < STILL_DB, FORMS
    if still:
        forms = [form for form in FORMS if form.suffix in TAGGED]
    else:
        flac("retagged", sound, {"title": f"Track {rng.randrange(99)}", "artist": "Somebody else"})
    flac("quieter", 0.6 * sound, tags | {"title": titled(title, rng)})
    if known is not tags:
        flac("same-id", 0.7 * sound[: -5 * RATE_HZ], known | {"title": f"Another {recording}"})
    for number, form in enumerate(rng.sample(forms, copies)):
        file = written(Path(clean), Path(f"{stem}-coded-{number}"), form)
        named = still or (form.suffix in TAGGED and rng.random() < 0.5)
        name = titled(title, rng) if named else ""
        if name:
            retag(file, name, artist)
        items.append(Item(os.fspath(file), "coded", name, recording))
    for kind, lengths_s in (("silence", LONG_S), ("rest", SHORT_S)):
        longer, silence = with_silence(sound, rng, lengths_s)
        hidden = not still and rng.random() < 0.5
        named = {"title": f"Take {rng.randrange(99)}", "artist": "Another"} if hidden else tags
        flac(kind, longer, named, **silence)
    return items


def retag(file: Path, title: str, artist: str) -> None:
    """Write two tags into a file."""
    tagged = mutagen.File(file, easy=True)
    if tagged.tags is None:
        tagged.add_tags()
    tagged["title"], tagged["artist"] = title, artist
    tagged.save()


def noises(folder: Path, sound: Samples, seed: int) -> list[Item]:
    """Write files that play as noise of full scale: streams of DTS and AC-3, wrong words."""
    rng = np.random.default_rng(seed)
    count = len(sound) * WORD_RATE_HZ // RATE_HZ
    music = np.repeat((32767 * sound).astype("<i2"), 2).tobytes()
    made = {name: _dts(name, count, rng) for name in STREAMS}
    made["ac3"] = _ac3(sound, count)
    made["white"] = rng.integers(-32768, 32767, 2 * count).astype("<i2").tobytes()
    made["swapped"] = np.frombuffer(music, "<i2").byteswap().tobytes()
    made["shifted"] = b"\0" + music[:-1]
    items = []
    for name, data in made.items():
        words = np.frombuffer(data[: len(data) // 4 * 4], "<i2").reshape(-1, 2).T
        file = f"{folder}/noise-{name}.flac"
        tags = {"title": f"Noise {name}", "artist": f"Nobody {name}"}
        encode.write_flac(file, (words / np.float32(32767)), WORD_RATE_HZ, tags)
        items.append(Item(file, name, tags["title"]))
    return items


def _dts(name: str, count: int, rng: np.random.Generator) -> bytes:
    """Return so many samples of two channels filled with frames of DTS, as on a CD."""
    head = bytes.fromhex(STREAMS[name])
    order = ">i2" if name.endswith("big") else "<i2"
    high = 8192 if "14" in name else 32768
    frames = rng.integers(-high, high, (4 * count // 2048, 1024)).astype(order)
    rows = np.frombuffer(frames.tobytes(), np.uint8).reshape(-1, 2048).copy()
    rows[:, : len(head)] = np.frombuffer(head, np.uint8)
    return rows.tobytes()


def _ac3(sound: Samples, count: int) -> bytes:
    """Return so many samples of two channels as bursts of AC-3 (IEC 61937)."""
    context = av.CodecContext.create("ac3", "w")
    context.sample_rate, context.layout, context.bit_rate = 48000, "stereo", 192_000
    context.format, context.time_base = "fltp", Fraction(1, 48000)
    frame = av.AudioFrame.from_ndarray(sound[None, : 20 * RATE_HZ], format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
    fit = av.AudioResampler("fltp", "stereo", 48000, frame_size=1536)
    bursts = []
    for each in fit.resample(frame):
        for packet in context.encode(each):
            data = bytes(packet)
            head = np.array([0xF872, 0x4E1F, 1, 8 * len(data)], "<u2").tobytes()
            body = np.frombuffer(data, ">u2").astype("<u2").tobytes()
            bursts.append((head + body).ljust(6144, b"\0"))
    stream = b"".join(bursts)
    return (stream * (4 * count // len(stream) + 1))[: 4 * count]
