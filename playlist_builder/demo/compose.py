"""A seed to a folder of 28 original instrumental compositions, for a first try without music.

They are played by `instruments`: slow chords at the calm end; then plucked notes, a melody, a bass
and finally drums as the energy rises. Existing files are never replaced.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, groupby, product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from playlist_builder.audio import encode
from playlist_builder.demo import instruments
from playlist_builder.demo.instruments import HARMONIC, SAMPLE_RATE_HZ, Stereo, Timbre
from playlist_builder.models import KEYS

SHORTEST_S, LONGEST_S = 42.0, 108.0
BEATS_PER_BAR = 4
SLOTS_PER_BAR = 16
TAIL_S = 3.5  # of fading after the last bar
QUIET_PEAK_DBFS, FULL_PEAK_DBFS = -8.0, -3.0  # at energy 0 and 1
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
PROGRESSIONS = {  # degrees of the scale, counted from 0
    "major": ((0, 5, 3, 4), (0, 3, 5, 4), (0, 4, 5, 3), (0, 2, 3, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 6), (0, 2, 5, 3), (0, 6, 5, 3)),
}
PLUCKS_PER_BAR = (1, 2, 3, 4, 6, 6, 8, 8, 12, 16)  # from the lowest energy to the highest
STEADY_MELODY_FROM = 0.5  # below this energy, the melody rests every other phrase
SWELLING = (4, 10, 14, 19, 23)  # compositions, from the calmest, whose energy climbs


class Ensemble(NamedTuple):
    """Invented performers, their album and their plucked instrument."""

    artist: str
    album: str
    timbre: Timbre


ENSEMBLES = (
    Ensemble("Alder & Mist", "Glasshouse", Timbre((1.0, 2.0, 3.01, 4.2, 5.4), 1.9, 0.65)),
    Ensemble("The Slow Lanterns", "Harp Year", Timbre(HARMONIC, 1.6, 0.6)),
    Ensemble("Harbour Seven", "Wooden Bars", Timbre((1.0, 3.93, 9.2), 1.5, 0.3)),
    Ensemble("Nine Rivers Quartet", "Pizzicato Rooms", Timbre(HARMONIC, 1.3, 0.35)),
    Ensemble("Copper Meadow", "Twelve Strings", Timbre((*HARMONIC, 9.0, 10.0), 1.1, 0.5)),
    Ensemble("North Window", "Felt and Hammer", Timbre((1.0, 2.001, 3.004, 4.01, 5.02), 1.5, 0.6)),
    Ensemble("Ember Parade", "Square Sun", Timbre((1.0, 3.0, 5.0, 7.0, 9.0), 1.2, 0.4)),
)


class DrumPart(NamedTuple):
    """A rhythm of one bar."""

    sound: Callable[[], Stereo]
    hits: str  # a digit is a stroke of that strength, a dot is a rest
    start: float  # energy up to which the part is silent
    full: float  # energy from which it has its full level
    level: float
    pan: float = 0.0


DRUMS = (
    DrumPart(instruments.frame_drum, "9.......9.......", 0.45, 0.85, 0.8),
    DrumPart(instruments.frame_drum, "....8.......8...", 0.65, 0.95, 0.7),
    DrumPart(instruments.frame_drum, "......6....6..6.", 0.80, 1.00, 0.6),
    DrumPart(instruments.shaker, "5.9.5.9.5.9.5.9.", 0.50, 0.95, 0.3, -0.3),
    DrumPart(instruments.shaker, ".4.4.4.4.4.4.4.4", 0.75, 1.00, 0.3, 0.3),
    DrumPart(instruments.snare, "....9.......9..3", 0.60, 0.95, 0.45, 0.1),
)
TITLES = (  # from the calmest to the most driving
    *("Before the Birds", "Snow on Slate", "A Lake Without Wind", "Low Cloud"),
    *("Moss Light", "The Long Window", "Sleeping Orchard", "Paper Boats"),
    *("Rain Counting", "Lamps Along the Quay", "Slow Ferry", "Thaw"),
    *("The Second Staircase", "Heather Road", "Kites in April", "Mill Stream"),
    *("Market Morning", "Swifts", "Tide Clock", "The Hill in View"),
    *("Running Fence", "Weather Front", "Crossing at Noon", "Sparks From the Anvil"),
    *("Night Express", "White Water", "Beacon Chain", "Summit in Sunlight"),
)
DATE = "2025"
GENRES = ("Ambient", "Neoclassical", "Minimalism", "Cinematic")


@dataclass(frozen=True, slots=True)
class Composition:
    """The parameters of one composition, which determine its samples."""

    title: str
    artist: str
    album: str
    genre: str
    energy: float  # the intended mean intensity, 0..1
    swell: float  # it climbs in a straight line from `energy - swell` to `energy + swell`
    tempo_bpm: float
    key: str  # one of `models.KEYS`
    duration_s: float
    seed: int


class Bar(NamedTuple):
    """One bar of a composition: its time, energy, and harmony as MIDI notes."""

    start_s: float
    slot_s: float
    energy: float
    bass: int
    chord: tuple[int, ...]


def compositions(seed: int) -> Sequence[Composition]:
    """Return the compositions of a seed (0 or more), about 35 minutes, from calm to driving.

    Energies are evenly spaced, and each of the seven artists has one composition in each quarter.
    """
    rng = np.random.default_rng(seed)
    count = len(TITLES)
    lengths = rng.permutation(np.linspace(SHORTEST_S, LONGEST_S, count))
    made = []
    for index, (title, ensemble) in enumerate(zip(TITLES, cycle(ENSEMBLES), strict=False)):
        energy = index / (count - 1)
        made.append(
            Composition(
                title=title,
                artist=ensemble.artist,
                album=ensemble.album,
                genre=GENRES[index * len(GENRES) // count],
                energy=energy,
                swell=min(0.25, energy, 1.0 - energy) if index in SWELLING else 0.0,
                tempo_bpm=round(54.0 + 90.0 * energy + rng.uniform(-4.0, 4.0)),
                key=KEYS[rng.integers(len(KEYS))],
                duration_s=round(float(lengths[index]), 1),
                seed=int(rng.integers(2**32)),
            )
        )
    return made


def synthesise(composition: Composition) -> Stereo:
    """Return the samples of a composition at `SAMPLE_RATE_HZ`, shape (2, n), peak -8 to -3 dBFS."""
    rng = np.random.default_rng(composition.seed)
    mix = np.zeros((2, round(composition.duration_s * SAMPLE_RATE_HZ)), dtype=np.float32)
    bars = _bars(composition, rng)
    timbre = next(each.timbre for each in ENSEMBLES if each.artist == composition.artist)
    _play_pads(mix, bars)
    _play_plucks(mix, bars, timbre, rng)
    _play_melody(mix, bars, rng)
    _play_bass(mix, bars)
    _play_drums(mix, bars)
    mix -= mix.mean(axis=1, keepdims=True)
    instruments.fade(mix, in_s=0.02 + 3.0 * (1.0 - composition.energy) ** 2, out_s=TAIL_S)
    peak_dbfs = QUIET_PEAK_DBFS + (FULL_PEAK_DBFS - QUIET_PEAK_DBFS) * composition.energy
    mix *= 10.0 ** (peak_dbfs / 20.0) / float(np.abs(mix).max())
    return mix


def write(folder: Path, seed: int) -> list[Path]:
    """Write the compositions of a seed as FLAC files into a folder and return their paths.

    Existing files are kept, so a folder holds the compositions of one seed. Raises OSError where
    the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for composition in compositions(seed):
        path = folder / f"{composition.artist} - {composition.title}.flac"
        if not path.exists():
            tags = {
                "TITLE": composition.title,
                "ARTIST": composition.artist,
                "ALBUM": composition.album,
                "GENRE": composition.genre,
                "DATE": DATE,
                "LANGUAGE": "zxx",  # ISO 639-2: no linguistic content
            }
            # Renamed when complete, or an interrupted run would leave a short file.
            unfinished = path.with_name(path.name + ".part")
            encode.write_flac(str(unfinished), synthesise(composition), SAMPLE_RATE_HZ, tags)
            unfinished.replace(path)
        paths.append(path)
    return paths


def _bars(composition: Composition, rng: np.random.Generator) -> list[Bar]:
    """Return the bars of a composition; the last is on the tonic and fades in the tail."""
    index = KEYS.index(composition.key)
    tonic, mode = index % 12, composition.key.split()[1]
    progression = PROGRESSIONS[mode][rng.integers(len(PROGRESSIONS[mode]))]
    bar_s = BEATS_PER_BAR * 60.0 / composition.tempo_bpm
    count = max(2, int((composition.duration_s - TAIL_S) / bar_s) + 1)
    bars = []
    for number in range(count):
        is_last = number == count - 1
        degree = 0 if is_last else progression[number // 2 % len(progression)]
        classes = [tonic + SCALES[mode][(degree + third) % 7] for third in (0, 2, 4)]
        bars.append(
            Bar(
                start_s=number * bar_s,
                slot_s=bar_s / SLOTS_PER_BAR,
                energy=composition.energy + composition.swell * (2.0 * number / (count - 1) - 1.0),
                bass=_at_or_above(36, classes[0]),
                chord=tuple(sorted(_at_or_above(52, each) for each in classes)),
            )
        )
    return bars


def _at_or_above(lowest: int, pitch_class: int) -> int:
    return lowest + (pitch_class - lowest) % 12


def _ramp(energy: float, start: float, full: float) -> float:
    return min(1.0, max(0.0, (energy - start) / (full - start)))


def _play_pads(mix: Stereo, bars: Sequence[Bar]) -> None:
    """Add sustained chords over a drone, each crossfaded with the next."""
    firsts = [next(same) for _, same in groupby(bars, key=lambda bar: bar.chord)]
    ends = [*(bar.start_s for bar in firsts[1:]), mix.shape[1] / SAMPLE_RATE_HZ]
    for bar, stop_s in zip(firsts, ends, strict=True):
        start_s = bar.start_s
        overlap_s = min(2.5, 0.6 * (stop_s - start_s))
        loop = instruments.sustained((bar.bass, *bar.chord), round(bar.energy * 5.0) / 5.0)
        length = round((stop_s - start_s + overlap_s) * SAMPLE_RATE_HZ)
        pad = np.tile(loop, -(-length // instruments.LOOP_SAMPLES))[:, :length]
        fade_in_s = 0.0 if bar is bars[0] else overlap_s  # the mix is faded in later
        instruments.fade(pad, in_s=fade_in_s, out_s=overlap_s)
        _add(mix, start_s, pad, gain=0.16 - 0.07 * bar.energy)


def _play_plucks(
    mix: Stereo, bars: Sequence[Bar], timbre: Timbre, rng: np.random.Generator
) -> None:
    """Add one figure over the chord tones, the same in every bar, denser as energy rises."""
    figure = np.cumsum(rng.choice([-2, -1, 1, 1, 2], size=SLOTS_PER_BAR))
    for bar in bars:
        tones = [note + octave for octave in (12, 24) for note in bar.chord]
        hits = PLUCKS_PER_BAR[round(bar.energy * (len(PLUCKS_PER_BAR) - 1))]
        if bar is bars[-1]:
            hits = 1
        bright = round(bar.energy * 3.0) / 3.0
        for hit in range(hits):
            slot = hit * SLOTS_PER_BAR // hits
            place = int(figure[slot]) % (2 * len(tones) - 2)
            tone = tones[min(place, 2 * len(tones) - 2 - place)]
            accent = 1.0 if slot == 0 else 0.8 if slot % 4 == 0 else 0.65
            late_s = abs(float(rng.normal(0.0, 0.006)))  # a player is not a clock
            note = instruments.plucked(timbre, tone, bright)
            level = accent * (0.06 + 0.34 * _ramp(bar.energy, 0.0, 0.5))
            _add(mix, bar.start_s + slot * bar.slot_s + late_s, note, level, pan=0.5 * (-1) ** hit)


def _play_melody(mix: Stereo, bars: Sequence[Bar], rng: np.random.Generator) -> None:
    """Add a bowed line of regular four-bar phrases from energy 0.15 upward."""
    phrase = [
        [(slot, int(rng.integers(3))) for slot in slots]
        for slots in ((0, 8), (0, 6, 12), (0, 8), (4,))
    ]
    for number, bar in enumerate(bars[:-1]):
        level = 0.16 * _ramp(bar.energy, 0.15, 0.6)
        is_resting = bar.energy < STEADY_MELODY_FROM and number // len(phrase) % 2 == 0
        if level == 0.0 or is_resting:
            continue
        for slot, voice in phrase[number % len(phrase)]:
            note = instruments.bowed(bar.chord[voice] + 12, round(bar.energy * 3.0) / 3.0)
            _add(mix, bar.start_s + slot * bar.slot_s, note, level, pan=0.2)


def _play_bass(mix: Stereo, bars: Sequence[Bar]) -> None:
    """Add a bass: one note a bar from energy 0.3, repeated eighths at the top."""
    for bar in bars:
        level = 0.4 * _ramp(bar.energy, 0.3, 0.8)
        if level == 0.0:
            continue
        every = SLOTS_PER_BAR >> round(3.0 * _ramp(bar.energy, 0.4, 0.8))
        for slot in range(0, 1 if bar is bars[-1] else SLOTS_PER_BAR, every):
            note = instruments.low(bar.bass, 0.9 if every == SLOTS_PER_BAR else 0.3)
            accent = 1.0 if slot % 8 == 0 else 0.75
            _add(mix, bar.start_s + slot * bar.slot_s, note, level * accent)


def _play_drums(mix: Stereo, bars: Sequence[Bar]) -> None:
    """Add the parts of `DRUMS`, each from its own energy upward, but in the last bar."""
    for bar, part in product(bars[:-1], DRUMS):
        level = part.level * _ramp(bar.energy, part.start, part.full)
        for slot, digit in enumerate(part.hits):
            if level and digit != ".":
                gain = level * int(digit) / 9.0
                _add(mix, bar.start_s + slot * bar.slot_s, part.sound(), gain, part.pan)


def _add(mix: Stereo, start_s: float, sound: Stereo, gain: float, pan: float = 0.0) -> None:
    """Add a sound to the mix in place, cut at its end; `pan` is -1 (left) to 1 (right)."""
    start = round(start_s * SAMPLE_RATE_HZ)
    part = mix[:, start : start + sound.shape[1]]
    gains = gain * np.array([[1.0 - max(0.0, pan)], [1.0 + min(0.0, pan)]], dtype=np.float32)
    part += gains * sound[:, : part.shape[1]]
