"""mpv and FFmpeg show the chapters of a rendered session, in every format that holds them."""

import json
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

from playlist_builder.audio import encode
from playlist_builder.models import Session, Slot
from playlist_builder.recording.render import render_session
from tests.support.parts import needs

pytestmark = needs("mpv")

RATE = 44_100
SECONDS = 8.0


@pytest.fixture
def evening(tmp_path):
    """Three tracks of noise."""
    slots = []
    for number, title in enumerate(("Dawn", "Nöon", "Dusk")):
        path = f"{tmp_path}/{number}.flac"
        rng = np.random.default_rng(number)
        samples = 0.05 * rng.standard_normal((2, round(SECONDS * RATE))).astype(np.float32)
        encode.write_flac(path, samples, RATE, {})
        at = number * SECONDS
        slots.append(Slot(path, "", title, "Ada", "", at, at + SECONDS, "calm", 0.5, 0.5))
    length_s = SECONDS * len(slots)
    return Session("arc", "relative", length_s, length_s, 0.0, 0.0, 0.0, slots=slots)


def of_mpv(path, tmp_path, eventually):
    """Ask mpv over its socket what it shows."""
    place = str(tmp_path / "socket")
    with subprocess.Popen(
        [  # noqa: S607
            "mpv",
            "--no-config",
            "--ao=null",
            "--vo=null",
            "--pause",
            f"--input-ipc-server={place}",
            path,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as player:

        def chapters():
            if not Path(place).exists():
                return None
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(place)
                link.settimeout(5.0)
                link.sendall(b'{"command": ["get_property", "chapter-list"], "request_id": 7}\n')
                for line in link.makefile():
                    answer = json.loads(line)
                    if answer.get("request_id") == 7:
                        return answer.get("data")
            return None

        try:
            return [(each["title"], each["time"]) for each in eventually(chapters, "chapters")]
        finally:
            player.terminate()


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".m4a", ".opus"])
def test_mpv_shows_every_chapter_where_its_track_begins(evening, tmp_path, eventually, suffix):
    made = render_session(evening, tmp_path / f"a{suffix}")
    found = of_mpv(made.path, tmp_path, eventually)
    assert [title for title, _ in found] == [each.title for each in made.plan.chapters]
    expected = [each.start_s for each in made.plan.chapters]
    assert [place for _, place in found] == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_mpv_plays_the_cue_sheet(evening, tmp_path, eventually, suffix):
    made = render_session(evening, tmp_path / f"a{suffix}")
    found = of_mpv(made.cue_path, tmp_path, eventually)
    assert [title for title, _ in found] == [each.title for each in made.plan.chapters]
