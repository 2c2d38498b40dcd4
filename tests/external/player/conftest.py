"""Files with hard names and the playlists of them that the real players are given."""

import os
import tempfile
import unicodedata
import wave
from pathlib import Path

import pytest

from playlist_builder.models import Session, Slot
from playlist_builder.playlists.dialects import ANY
from playlist_builder.playlists.write import write_session

LENGTH_S = 0.3

NAMES = [
    "plain.wav",
    "two words.wav",
    "a  b.wav",
    "in/folder.wav",
    "deep/er/and deeper/track.wav",
    "#1.wav",
    "#EXTINF:1,x.wav",
    "#2/in folder.wav",
    "Nocturne in C# minor.wav",
    "it's.wav",
    'say "hush".wav',
    "`tick`.wav",
    "100%20percent.wav",
    "a%2Fb.wav",
    "50%.wav",
    "a+b.wav",
    "you & me.wav",
    "semi;colon, comma.wav",
    "who?.wav",
    "?first.wav",
    "*star*.wav",
    "[bracket] {brace} (round).wav",
    "$HOME.wav",
    "~tilde.wav",
    "!bang.wav",
    "a=b@c|d<e>.wav",
    "back\\slash.wav",
    "Suite: one.wav",
    "http:/x.wav",
    "..dots.wav",
    "-dash.wav",
    "--pause.wav",
    "Ada - Quiet.wav",
    unicodedata.normalize("NFC", "ガーデンで.wav"),
    unicodedata.normalize("NFD", "ガーデンで 2.wav"),
    unicodedata.normalize("NFC", "café.wav"),
    unicodedata.normalize("NFD", "café 2.wav"),
    "🌙 ночь.wav",
    "a\u2028b\x85c.wav",
    "x" * 196 + ".wav",
]
"""40 names for every player."""

BLANK_NAMES = [" first.wav", "\tfirst.wav", "in/ side.wav", "end /in folder.wav"]
"""Names that MPD 0.23.12 passes over, whatever the playlist says."""

RAW_NAMES = ["end.wav ", "caf\udce9.wav", "new\nline.wav"]
"""Names that no plain line can hold: only a URI can."""

TITLES = [
    "Quiet",
    "",
    "new\nline.wav",
    "#EXTINF:1,x\r\nplain.wav",
    "../plain.wav",
    "a\u2028plain.wav",
    "One - Two",
    "\x00\x1b[31m\x7f",
    "x" * 4085 + "plain.wav",
    "\ufffe</title></track><track><location>plain.wav</location></track>",
    "File1=plain.wav",
]
"""Tags as found in the wild or made with intent; none may add an entry.

MPD cuts a line at 4096 bytes, so the last one, bare behind `#EXTINF:0,`, would add `plain.wav`.
"""


@pytest.fixture
def music():
    """A folder that holds a short file of each name and that any user may read."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(place).resolve() / "my music"
        for name in [*NAMES, *BLANK_NAMES, *RAW_NAMES]:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(os.fspath(file), "wb") as sound:
                sound.setnchannels(1)
                sound.setsampwidth(2)
                sound.setframerate(8000)
                sound.writeframes(bytes(2 * int(8000 * LENGTH_S)))
        (folder / "lists").mkdir()
        yield folder


@pytest.fixture
def playlist(music):
    """Write the playlist `where`, below the music folder, of these names; give its path."""

    def written(names, where="tonight.m3u8", dialect=ANY):
        slots = [
            Slot(
                path=str(music / name),
                identity="",
                title=TITLES[place % len(TITLES)],
                artist=TITLES[-place % len(TITLES)],
                album=TITLES[(place + 1) % len(TITLES)],
                start_s=place * LENGTH_S,
                end_s=(place + 1) * LENGTH_S,
                phase=TITLES[place % len(TITLES)],
                energy=0.2,
                target=0.2,
            )
            for place, name in enumerate(names)
        ]
        session = Session(
            profile="EXTINF:1,x",
            scale="relative",
            target_s=len(slots) * LENGTH_S,
            duration_s=len(slots) * LENGTH_S,
            cost=0.1,
            bound=0.1,
            rms_error=0.1,
            slots=slots[:-5],
            tail=slots[-5:],
        )
        write_session(session, music / where, dialect=dialect)
        return music / where

    return written


@pytest.fixture
def names():
    """The names that every player reads, in an order that no folder listing has."""
    return NAMES[::-1]


@pytest.fixture
def all_names(names):
    """The names that every player but an old MPD reads."""
    return [*names, *BLANK_NAMES]


@pytest.fixture
def blank_names():
    """The names that MPD passes over."""
    return BLANK_NAMES


@pytest.fixture
def every_name(all_names):
    """All that a file can be called, for players that are given URIs."""
    return [*all_names, *RAW_NAMES]
