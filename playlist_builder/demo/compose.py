"""A seed to a folder of 28 original instrumental compositions, for a first try without music.

They are played by `instruments`: slow chords at the calm end; then plucked notes, a melody, a bass
and finally drums as the energy rises. Existing files are never replaced.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle, groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from playlist_builder.audio import encode
from playlist_builder.demo import instruments
from playlist_builder.demo.instruments import HARMONIC, SAMPLE_RATE_HZ, Stereo, Timbre
from playlist_builder.models import KEYS

SHORTEST_S, LONGEST_S = 75.0, 125.0  # of calm compositions; driving ones are shorter
BEATS_PER_BAR = 4
SLOTS_PER_BAR = 16
CALM_TAIL_S, LIVELY_TAIL_S = 3.5, 1.2  # of fading after the last bar, at energy 0 and 1
QUIET_PEAK_DBFS, FULL_PEAK_DBFS = -8.0, -3.0  # at energy 0 and 1
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
PROGRESSIONS = {  # degrees of the scale, counted from 0
    "major": ((0, 5, 3, 4), (0, 3, 5, 4), (0, 4, 5, 3), (0, 2, 3, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 6), (0, 2, 5, 3), (0, 6, 5, 3)),
}
PLUCKS_PER_BAR = (1, 2, 3, 4, 6, 6, 8, 8, 12, 16)  # from the lowest energy to the highest
STEADY_MELODY_FROM = 0.5  # below this energy, the melody rests every other phrase
SWELLING = (16, 18, 21)  # compositions, from the calmest, whose energy climbs
# Of some compositions, counted from the calmest: so their scores, which rise late, lie apart.
ENERGIES = ((0, 4, 14, 18, 27), (0.15, 0.46, 0.635, 0.7, 0.86))


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
    DrumPart(instruments.frame_drum, "9.......9...6...", 0.30, 0.55, 0.7),
    DrumPart(instruments.shaker, "5.9.5.9.5.9.5.9.", 0.58, 0.85, 0.35, -0.3),
    DrumPart(instruments.kick, "9.....8.9.....7.", 0.45, 0.80, 1.1),
    DrumPart(instruments.snare, "....9.......9...", 0.55, 0.80, 0.7, 0.1),
)
FILL = DrumPart(instruments.snare, "......5.6.7.6789", 0.60, 0.90, 0.4, 0.1)
FILL_BARS = 8  # the last of so many has a fill, and the next section begins
PHRASE_BARS = 4
BREATH = 0.12  # by so much the last bar of a calm phrase is slower
DAMPED_S, OPEN_S = 0.12, 0.5  # in which a low string fades, with the hand on it or not
OPEN_SLOTS = (0, 12)
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
THREADS = 2  # that play and encode side by side: both leave Python for most of the time
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


class Stroke(NamedTuple):
    """A sound in a bar."""

    slot: int
    sound: Stereo
    gain: float
    pan: float = 0.0


def compositions(seed: int) -> Sequence[Composition]:
    """Return the compositions of a seed (0 or more), about 35 minutes, from calm to driving.

    Energies are evenly spaced, and each of the seven artists has one composition in each quarter.
    """
    rng = np.random.default_rng(seed)
    count = len(TITLES)
    lengths = rng.permutation(np.linspace(SHORTEST_S, LONGEST_S, count))
    made = []
    for index, (title, ensemble) in enumerate(zip(TITLES, cycle(ENSEMBLES), strict=False)):
        energy = float(np.interp(index, *ENERGIES))
        tempo_bpm = round(54.0 + 90.0 * energy + rng.uniform(-4.0, 4.0))
        bar_s = BEATS_PER_BAR * 60.0 / tempo_bpm
        asked_s = lengths[index] * (1.22 - 0.62 * energy)
        bars_s = round((asked_s - _tail_s(energy)) / bar_s) * bar_s
        made.append(
            Composition(
                title=title,
                artist=ensemble.artist,
                album=ensemble.album,
                genre=GENRES[index * len(GENRES) // count],
                energy=energy,
                swell=min(0.25, energy, 1.0 - energy) if index in SWELLING else 0.0,
                tempo_bpm=tempo_bpm,
                key=KEYS[rng.integers(len(KEYS))],
                duration_s=round(bars_s + _tail_s(energy), 2),
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
    _play_rhythm(mix, bars)
    _press(mix, composition.energy)
    mix -= mix.mean(axis=1, keepdims=True)
    in_s = 0.02 + 3.0 * (1.0 - composition.energy) ** 2
    instruments.fade(mix, in_s=in_s, out_s=_tail_s(composition.energy))
    peak_dbfs = QUIET_PEAK_DBFS + (FULL_PEAK_DBFS - QUIET_PEAK_DBFS) * composition.energy
    mix *= 10.0 ** (peak_dbfs / 20.0) / float(np.abs(mix).max())
    return mix


def _press(mix: Stereo, energy: float) -> None:
    """Bend the peaks of a mix in place, the more the higher its energy, as a tape does."""
    pressure = 2.0 * _ramp(energy, 0.4, 0.9)
    if pressure:
        mix *= pressure / float(np.abs(mix).max())
        np.tanh(mix, out=mix)


def write(folder: Path, seed: int) -> list[Path]:
    """Write the compositions of a seed as FLAC files into a folder and return their paths.

    Existing files are kept, so a folder holds the compositions of one seed. Raises OSError where
    the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(partial(_write, folder), compositions(seed)))


def _write(folder: Path, composition: Composition) -> Path:
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
    return path


def _bars(composition: Composition, rng: np.random.Generator) -> list[Bar]:
    """Return the bars of a composition; the last is on the tonic and fades in the tail."""
    index = KEYS.index(composition.key)
    tonic, mode = index % 12, composition.key.split()[1]
    progression = PROGRESSIONS[mode][rng.integers(len(PROGRESSIONS[mode]))]
    bar_s = BEATS_PER_BAR * 60.0 / composition.tempo_bpm
    count = max(2, round((composition.duration_s - _tail_s(composition.energy)) / bar_s) + 1)
    bars, start_s = [], 0.0
    for number in range(count):
        is_last = number == count - 1
        breath = 1.0 if number % PHRASE_BARS == PHRASE_BARS - 1 else -1.0 / (PHRASE_BARS - 1)
        lasts_s = bar_s * (1.0 + BREATH * max(0.0, 1.0 - composition.energy / 0.7) * breath)
        degree = 0 if is_last else progression[number // 2 % len(progression)]
        classes = [tonic + SCALES[mode][(degree + third) % 7] for third in (0, 2, 4)]
        bars.append(
            Bar(
                start_s=start_s,
                slot_s=lasts_s / SLOTS_PER_BAR,
                energy=composition.energy + composition.swell * (2.0 * number / (count - 1) - 1.0),
                bass=_at_or_above(36, classes[0]),
                chord=tuple(sorted(_at_or_above(52, each) for each in classes)),
            )
        )
        start_s += lasts_s
    return bars


def _tail_s(energy: float) -> float:
    return CALM_TAIL_S + (LIVELY_TAIL_S - CALM_TAIL_S) * energy


def _at_or_above(lowest: int, pitch_class: int) -> int:
    return lowest + (pitch_class - lowest) % 12


def _ramp(energy: float, start: float, full: float) -> float:
    return min(1.0, max(0.0, (energy - start) / (full - start)))


def _play_pads(mix: Stereo, bars: Sequence[Bar]) -> None:
    """Add sustained chords over a drone, each crossfaded with the next."""
    firsts = [next(same) for _, same in groupby(bars, key=lambda bar: bar.chord)]
    ends = [*(bar.start_s for bar in firsts[1:]), mix.shape[1] / SAMPLE_RATE_HZ]
    for bar, stop_s in zip(firsts, ends, strict=True):
        gain = 0.16 * (1.0 - _ramp(bar.energy, 0.3, 0.75))
        if gain == 0.0:
            continue
        start_s = bar.start_s
        overlap_s = min(2.5, 0.6 * (stop_s - start_s))
        loop = instruments.sustained((bar.bass, *bar.chord), round(bar.energy * 5.0) / 5.0)
        length = round((stop_s - start_s + overlap_s) * SAMPLE_RATE_HZ)
        pad = np.tile(loop, -(-length // instruments.LOOP_SAMPLES))[:, :length]
        fade_in_s = 0.0 if bar is bars[0] else overlap_s  # the mix is faded in later
        instruments.fade(pad, in_s=fade_in_s, out_s=overlap_s)
        _add(mix, start_s, pad, gain)


def _play_plucks(
    mix: Stereo, bars: Sequence[Bar], timbre: Timbre, rng: np.random.Generator
) -> None:
    """Add one figure over the chord tones, the same in every bar, denser as energy rises."""
    figure = np.cumsum(rng.choice([-2, -1, 1, 1, 2], size=SLOTS_PER_BAR))
    for number, bar in enumerate(bars):
        tones = [note + octave for octave in (12, 24) for note in bar.chord]
        hits = PLUCKS_PER_BAR[round(bar.energy * (len(PLUCKS_PER_BAR) - 1))]
        level = (0.06 + 0.34 * _ramp(bar.energy, 0.0, 0.5)) * (1.0 - _ramp(bar.energy, 0.6, 0.85))
        if level == 0.0:
            continue
        if bar is bars[-1]:
            hits = 1
        bright = round(bar.energy * 3.0) / 3.0
        loose_s = 0.006 + 0.05 * max(0.0, 1.0 - bar.energy / 0.7)
        for hit in range(hits):
            slot = hit * SLOTS_PER_BAR // hits
            place = int(figure[slot]) % (2 * len(tones) - 2)
            tone = tones[min(place, 2 * len(tones) - 2 - place)]
            accent = 1.0 if slot == 0 else 0.8 if slot % 4 == 0 else 0.65
            late_s = abs(float(rng.normal(0.0, loose_s)))  # a player is not a clock
            note = instruments.plucked(timbre, tone, bright)
            gain = accent * level * _swelling(number, slot)
            _add(mix, bar.start_s + slot * bar.slot_s + late_s, note, gain, pan=0.5 * (-1) ** hit)


def _swelling(bar: int, slot: int) -> float:
    """Return how loud a player is within a phrase, which grows to its middle and comes back."""
    share = (bar % PHRASE_BARS + slot / SLOTS_PER_BAR) / PHRASE_BARS
    return float(0.75 + 0.35 * np.sin(np.pi * share))


def _play_melody(mix: Stereo, bars: Sequence[Bar], rng: np.random.Generator) -> None:
    """Add a bowed line of regular four-bar phrases from energy 0.15 upward, which breathes."""
    phrase = [
        [(slot, int(rng.integers(3))) for slot in slots]
        for slots in ((0, 8), (0, 6, 12), (0, 8), (4,))
    ]
    for number, bar in enumerate(bars[:-1]):
        level = 0.16 * _ramp(bar.energy, 0.15, 0.6) * (1.0 - _ramp(bar.energy, 0.65, 0.9))
        is_resting = bar.energy < STEADY_MELODY_FROM and number // len(phrase) % 2 == 0
        if level == 0.0 or is_resting:
            continue
        for slot, voice in phrase[number % len(phrase)]:
            note = instruments.bowed(bar.chord[voice] + 12, round(bar.energy * 3.0) / 3.0)
            gain = level * _swelling(number, slot)
            _add(mix, bar.start_s + slot * bar.slot_s, note, gain, pan=0.2)


def _play_rhythm(mix: Stereo, bars: Sequence[Bar]) -> None:
    """Add driven strings, bass and drums; what is the same in many bars is played once."""
    played: dict[tuple[object, ...], Stereo] = {}
    for number, bar in enumerate(bars):
        is_last, has_fill = bar is bars[-1], number % FILL_BARS == FILL_BARS - 1
        same = (bar.bass, bar.energy, bar.slot_s, is_last, has_fill)
        if same not in played:
            strokes = [*_driven(bar), *_bass(bar), *_drums(bar, has_fill=has_fill)]
            first = [each for each in strokes if not is_last or each.slot == 0]
            played[same] = _together(first, bar.slot_s)
        _add(mix, bar.start_s, played[same], 1.0)


def _together(strokes: Sequence[Stroke], slot_s: float) -> Stereo:
    """Return strokes as one sound."""
    starts = [round(each.slot * slot_s * SAMPLE_RATE_HZ) for each in strokes]
    ends = [start + each.sound.shape[1] for start, each in zip(starts, strokes, strict=True)]
    sound = np.zeros((2, max(ends, default=0)), dtype=np.float32)
    for each in strokes:
        _add(sound, each.slot * slot_s, each.sound, each.gain, each.pan)
    return sound


def _driven(bar: Bar) -> Iterator[Stroke]:
    """Yield driven strings in eighths, the louder the livelier, open where a bar begins."""
    level = 0.36 * _ramp(bar.energy, 0.1, 0.8) ** 2
    for slot in range(0, SLOTS_PER_BAR if level else 0, 2):
        ring_s = OPEN_S if slot in OPEN_SLOTS else DAMPED_S
        yield Stroke(slot, instruments.driven(bar.bass, ring_s), level)


def _bass(bar: Bar) -> Iterator[Stroke]:
    """Yield one bass note a bar from energy 0.3, repeated eighths at the top."""
    level = 0.4 * _ramp(bar.energy, 0.3, 0.6) * (1.0 - 0.5 * _ramp(bar.energy, 0.6, 0.9))
    every = SLOTS_PER_BAR >> round(3.0 * _ramp(bar.energy, 0.4, 0.8))
    ring_s = {SLOTS_PER_BAR: 0.9, 2: DAMPED_S}.get(every, 0.3)
    for slot in range(0, SLOTS_PER_BAR if level else 0, every):
        accent = 1.0 if slot % 8 == 0 else 0.75
        yield Stroke(slot, instruments.low(bar.bass, ring_s), level * accent)


def _drums(bar: Bar, *, has_fill: bool) -> Iterator[Stroke]:
    """Yield the parts of `DRUMS`, each from its own energy upward."""
    for part in (*DRUMS, FILL) if has_fill else DRUMS:
        level = part.level * _ramp(bar.energy, part.start, part.full)
        for slot, digit in enumerate(part.hits if level else ""):
            if digit != ".":
                yield Stroke(slot, part.sound(), level * int(digit) / 9.0, part.pan)


def _add(mix: Stereo, start_s: float, sound: Stereo, gain: float, pan: float = 0.0) -> None:
    """Add a sound to the mix in place, cut at its end; `pan` is -1 (left) to 1 (right)."""
    start = round(start_s * SAMPLE_RATE_HZ)
    part = mix[:, start : start + sound.shape[1]]
    for side, share in enumerate((1.0 - max(0.0, pan), 1.0 + min(0.0, pan))):
        part[side] += np.float32(gain * share) * sound[side, : part.shape[1]]
