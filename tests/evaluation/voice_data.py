"""The sounds on which voices are learnt and measured: decoded once, each with its kind and source.

`PLAYLIST_BUILDER_EVAL` names the folder of the evaluation data. Nothing is taken from a file that
its label or folder does not say; of songs, which seconds are sung is told by the network that the
package ships, and serves for learning alone.
"""

import csv
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import scipy.fft

from playlist_builder.networks.resampler import RATE

SUFFIXES = {".ogg", ".oga", ".opus", ".mp3", ".flac", ".m4a", ".wav", ".opx", ".g722", ".music"}
LONGEST_S, SHORTEST_S = 300, 45  # of a piece of game music
FOLDS = 4
PIECES = 8  # of a source of game music, spread over its files
RATED = 24  # of a genre of rated excerpts
SPEECH_FILES, SPEECH_S = 60, 240  # of a speaker
# Game music in which a voice is heard, or that consists of voices, as its labels or titles say.
VOICED = (
    *("drascula_audio_track2", "music_sirius1", "titles_GameLost", "titles_StartOfGame"),
    *("c64revival", "airport_pa", "Music_Halloween", "rybky13", "trackballs_music_crazy"),
    *("music_ravenbridge_mansion",),
)
KINDS = ("acappella", "speech", "violin", "instr", "pads")  # of voices2, that have series


@dataclass(frozen=True)
class Sound:
    """Mono samples at `RATE` as float16. `kind` is one of

    music, hard (instrumentals and nature that are easily taken for a voice), solo (rendered),
    backing (karaoke), song, sung, speech (the last two are voices alone), people (behind).
    """

    kind: str
    name: str
    source: str  # what no two folds share: an album, a singer, a site's series
    path: Path

    @property
    def samples(self) -> np.ndarray:
        return np.load(self.path, mmap_mode="r")

    @property
    def fold(self) -> int:
        """Which of `FOLDS` parts of the sources this one belongs to."""
        return zlib.crc32(self.source.encode()) % FOLDS


def decode(path: Path, longest_s: float = 1e9) -> np.ndarray:
    """Mono samples at `RATE` of a file."""
    parts, count = [], 0
    with av.open(
        str(path), format="g722" if path.suffix == ".g722" else None, metadata_errors="ignore"
    ) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        for frame in container.decode(container.streams.audio[0]):
            for piece in resampler.resample(frame):
                parts.append(piece.to_ndarray().ravel())
                count += len(parts[-1])
            if count > longest_s * RATE:
                break
        parts += [piece.to_ndarray().ravel() for piece in resampler.resample(None)]
    return np.concatenate(parts).astype(np.float16)


def root_mean_square(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


def each_second(samples: np.ndarray) -> np.ndarray:
    """Root mean square of each whole second."""
    n = len(samples) // RATE
    return np.sqrt((samples[: n * RATE].reshape(n, RATE).astype(np.float64) ** 2).mean(1) + 1e-12)


def level(voice: np.ndarray) -> float:
    """Root mean square of the tenths of a second in which there is voice."""
    part = RATE // 10
    n = max(1, len(voice) // part)
    power = (voice[: n * part].reshape(n, -1).astype(np.float64) ** 2).mean(1)
    return float(np.sqrt(power[power > 0.01 * power.max()].mean() + 1e-12))


def source_of(name: str) -> str:
    """The source of a file: the singer, site or series; of nature what is heard."""
    stem = name.removesuffix(".opus")
    kind, _, rest = stem.partition("-")
    if kind in ("nature", "crowd") and "rain" not in rest.split("-"):
        return f"nature:{re.sub('^(rem|raf|dirt|river)-', '', rest).split('-')[-1]}"
    if kind == "chant":
        return "chant:web" if rest.endswith("-web") else f"chant:{rest}"
    for artist in ("jonathan-coulton", "pornophonique", "vocadito"):
        if artist in rest:
            return artist  # also in vocals
    if kind == "nature":
        return "nature:rain"
    if kind == "songs":
        return f"songs:{rest[:12]}"
    return f"{kind}:{re.split('[-0-9]', rest)[0]}" if kind in KINDS else kind


class Cache:
    """Decoded samples, one file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def decoded(self, path: Path, longest_s: float = 1e9) -> Path:
        return self.kept(path, lambda: decode(path, longest_s))

    def kept(self, path: Path, make) -> Path:
        to = self.folder / (str(path).strip("/").replace("/", "__")[-180:] + ".npy")
        if not to.exists():
            samples = make()
            np.save(to, samples)
        return to


def collect(cache: Cache, music: list[Path], speech: list[Path], solo: Path) -> list[Sound]:
    """All sounds: of the evaluation data, of folders of music and of one speaker, and rendered."""
    data = Path(os.environ["PLAYLIST_BUILDER_EVAL"])
    return [
        *_vocals(cache, data / "vocals"),
        *_voices2(cache, data / "voices2"),
        *_speech(cache, speech),
        *_music(cache, music),
        *_energy(cache, data / "energy"),
        *rendered(solo),
    ]


def rendered(folder: Path) -> list[Sound]:
    """What `solo_instruments.py` made; an instrument is a source."""
    return [
        Sound("solo", path.name, f"solo:{path.name[:3]}", path)
        for path in sorted(folder.glob("*.npy"))
    ]


def more(cache: Cache, music: list[Path], speech: list[Path]) -> list[Sound]:
    """Sounds of further folders of music and of one speaker."""
    return [*_speech(cache, speech), *_music(cache, music)]


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        return list({row["file"]: row for row in csv.DictReader(stream)}.values())


def _vocals(cache: Cache, folder: Path) -> Iterator[Sound]:
    for row in _rows(folder):
        name = row["file"]
        mir = name.startswith("mir1k")
        source = f"mir1k:{name.split('-')[1].split('_')[0]}" if mir else source_of(name)
        path = cache.decoded(folder / name)
        alone = "vocals-true" in name or "vocadito" in name
        if row["label"] == "instrumental":
            yield Sound("backing" if mir else "music", name, source, path)
        else:
            kind = "speech" if row["label"] == "speech" else "sung" if alone else "song"
            yield Sound(kind, name, source, path)
        if mir and name.endswith("-mix.opus"):
            backing = cache.decoded(folder / name.replace("-mix", "-backing"))
            voice = cache.kept(
                folder / f"{name}.voice",
                lambda mix=path, under=backing: difference(np.load(mix), np.load(under)),
            )
            yield Sound("sung", f"{name}.voice", source, voice)


def _voices2(cache: Cache, folder: Path) -> Iterator[Sound]:
    kinds = {"songs": "song", "chant": "sung", "acappella": "sung", "speech": "speech"}
    kinds |= {"crowd": "people"}
    for row in _rows(folder):
        kind = kinds.get(row["kind"], "hard")
        yield Sound(kind, row["file"], source_of(row["file"]), cache.decoded(folder / row["file"]))


def _energy(cache: Cache, folder: Path) -> Iterator[Sound]:
    count: dict[str, int] = {}
    for row in _rows(folder):
        name = row["file"]
        corpus, genre = name.split("-")[:2]
        source = f"{corpus}:{genre}" if corpus == "emotify" else corpus
        count[source] = count.get(source, 0) + 1
        if genre in ("rock", "pop") or count[source] > RATED:
            continue  # most of them are sung, and nobody has said which
        if corpus == "emotify":
            source += f":{zlib.crc32(name.encode()) % 4}"
        yield Sound("music", name, source, cache.decoded(folder / name))


def never_met(cache: Cache) -> list[Sound]:
    """Excerpts of which nothing is collected: the rest of the rated ones, and half of vgmidi.

    Those of rock and pop are mostly sung; among the classical ones are some that are.
    """
    data = Path(os.environ["PLAYLIST_BUILDER_EVAL"])
    met = {sound.name for sound in _energy(cache, data / "energy")}
    found = []
    for folder, rows in ((f, _rows(f)) for f in (data / "energy", data / "vgmidi")):
        for row in rows[:: 1 if folder.name == "energy" else 2]:
            name = row["file"]
            corpus, genre = name.split("-")[:2]
            if name not in met:
                source = f"{corpus}-{genre}" if corpus == "emotify" else folder.name
                found.append(Sound("music", name, f"{source}:", cache.decoded(folder / name)))
    return found


def _music(cache: Cache, folders: list[Path]) -> Iterator[Sound]:
    sources: dict[str, list[Path]] = {}
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
            apart = {"sounds", "sound", "sfx"} & set(path.as_posix().lower().split("/"))
            large = path.stat().st_size > 700_000 or path.suffix == ".opus"
            if not apart and large and not path.stem.startswith(VOICED):
                sources.setdefault(_game(path, folder), []).append(path)
    for source, paths in sources.items():
        for path in paths[:: max(1, len(paths) // PIECES)][:PIECES]:
            try:
                kept = cache.decoded(path, LONGEST_S)
            except (av.error.FFmpegError, ValueError, IndexError):
                continue
            samples = np.load(kept, mmap_mode="r")
            if len(samples) >= SHORTEST_S * RATE and root_mean_square(samples[::5]) > 1e-4:
                yield Sound("music", path.name, f"game:{source}", kept)


def _game(path: Path, folder: Path) -> str:
    """The first folder below that says something, without what follows a hyphen or digit."""
    below = [p for p in path.relative_to(folder).parts if p not in ("usr", "share", "games")]
    return re.split("[-0-9_]", below[0] if len(below) > 1 else folder.name)[0]


def _speech(cache: Cache, folders: list[Path]) -> Iterator[Sound]:
    for folder in folders:
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        paths = sorted(paths, key=lambda p: -p.stat().st_size)[:SPEECH_FILES]
        if not paths:
            continue

        def joined(paths: list[Path] = paths) -> np.ndarray:
            sound = np.concatenate([np.pad(decode(path), (0, RATE // 3)) for path in paths])
            return sound[: SPEECH_S * RATE]

        yield Sound("speech", folder.name, f"speaker:{folder.name}", cache.kept(folder, joined))


def difference(mix: np.ndarray, backing: np.ndarray) -> np.ndarray:
    """The voice alone: the mix minus the backing, which lies in it at some lag and factor."""
    n = min(len(mix), len(backing))
    a, b = np.asarray(mix[:n], np.float32), np.asarray(backing[:n], np.float32)
    size = scipy.fft.next_fast_len(2 * n)
    likeness = scipy.fft.irfft(scipy.fft.rfft(a, size) * np.conj(scipy.fft.rfft(b, size)), size)
    lag = int(np.argmax(np.abs(likeness)))
    b = np.roll(b, lag if lag < size // 2 else lag - size)
    return (a - b * float((a @ b) / max(float(b @ b), 1e-9))).astype(np.float16)
