"""A session of short real files with hard names and hostile tags, and its pages in Chromium.

And a desk in a process of its own, on a library of short pieces.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from playlist_builder.audio import encode
from playlist_builder.language.notices import notice
from playlist_builder.models import STEP_S, Session, Slot
from playlist_builder.profiles import find as profiles
from playlist_builder.report.write import write_report
from playlist_builder.session_request import SessionRequest
from tests.support.commands import run
from tests.support.desk_process import DeskProcess
from tests.support.parts import CHROMIUM
from tests.support.sounds import write_pieces

if TYPE_CHECKING:
    from playwright.sync_api import Page

RATE_HZ = 48000
LENGTH_S = 24.0
SHORT = ("--min-length", "12s", "--max-length", "2m")
CODECS = {".flac": "flac", ".mp3": "libmp3lame", ".opus": "libopus"}

HOSTILE = "</title></script><script>window.hurt = 1</script>\"'><img src=x onerror='window.hurt=1'>"

TRACKS = [
    ("plain.flac", "Quiet", "Ada", "none"),
    ('#1 what? 50% "so" & more; a+b.mp3', HOSTILE, HOSTILE, "sung"),
    ("caf\udce9.opus", "\u202eevil\u2066 \x00\x1b[31m\x07 tail", "\ufdd0", "unknown"),
    ("a%20b.flac", "長い夜の静かな音楽", "静", "wordless"),
    ("x" * 200 + ".mp3", "M" * 10_000, "W" * 10_000, "spoken"),
    ("javascript:alert(1).opus", "", "", "none"),
]
"""File, title, artist and voice of each; file names and tags as found, or made with intent."""


@pytest.fixture(scope="session")
def music(tmp_path_factory):
    """A folder of real FLAC, MP3 and Opus files under all these names."""
    folder = tmp_path_factory.mktemp("my music #1")
    time_s = np.arange(int(LENGTH_S * RATE_HZ)) / RATE_HZ
    samples = np.tile(0.05 * np.sin(2 * np.pi * 220 * time_s), (2, 1)).astype(np.float32)
    whole = folder / "whole.wav"
    encode.write_flac(str(whole), samples, RATE_HZ, {})
    made = {".flac": whole}
    for suffix in (".mp3", ".opus"):
        made[suffix] = folder / f"whole{suffix}"
        with av.open(str(whole)) as source, av.open(str(made[suffix]), "w") as target:
            stream = target.add_stream(CODECS[suffix], rate=RATE_HZ, layout="stereo")
            for frame in source.decode(audio=0):
                target.mux(stream.encode(frame))
            target.mux(stream.encode(None))
    for name, *_ in TRACKS:
        shutil.copy(made[Path(name).suffix], folder / name)
    return folder


@pytest.fixture(scope="session")
def session(music):
    """All of `TRACKS`, the last as a tail, with one rise of loudness beyond the limit."""
    slots = [
        Slot(
            path=str(music / name),
            identity=str(place),
            title=title,
            artist=artist,
            album="",
            start_s=place * LENGTH_S,
            end_s=(place + 1) * LENGTH_S,
            phase=["calm", HOSTILE, "return"][place // 2],
            energy=0.1 * place,
            target=0.2,
            contour=tuple(0.1 * place + 0.05 * step for step in range(int(LENGTH_S / STEP_S) + 1)),
            loudness_lufs=-20.0,
            vocals=vocals,
            start_loudness_lufs=-20.0 + 6.5 * (place == 2),
            end_loudness_lufs=-20.0,
            tension=0.1 * place,
        )
        for place, (name, title, artist, vocals) in enumerate(TRACKS)
    ]
    length_s = LENGTH_S * (len(slots) - 1)
    return Session(
        profile="ketamine-iv",
        scale="relative",
        target_s=length_s,
        duration_s=length_s,
        cost=0.1,
        bound=0.05,
        rms_error=0.1,
        slots=slots[:-1],
        tail=slots[-1:],
        warnings=(notice("may_hold_voice", count=6, total=6, titles=(HOSTILE,)),),
        relaxed=(notice("text", text=HOSTILE),),
        curve=tuple(np.linspace(0.1, 0.9, int(length_s / STEP_S)).tolist()),
        request=SessionRequest(
            profile="ketamine-iv", profile_text=profiles.read_text("ketamine-iv")
        ),
    )


@dataclass
class Opened:
    """A page in the browser, with all that it said and asked for."""

    page: "Page"
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser():
    """Chromium of the system, allowed to play without a click."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - few have the package

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which(CHROMIUM),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, session, music):
    """Write the report beside the music and open it as a file; give the page."""
    contexts = []

    def open_(*, language="en", width=1280, scheme="light", of=session, **options):
        path = music / f"report.{language}.html"
        write_report(of, path, language=language)
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        contexts.append(context)
        result = Opened(context.new_page())
        result.page.on("console", lambda message: result.said.append(message.text))
        result.page.on("pageerror", lambda error: result.said.append(str(error)))
        result.page.on("request", lambda request: result.asked.append(request.url))
        result.page.goto(path.as_uri())
        return result

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A library of short pieces and a kept session of three minutes; its bytes are copied."""
    folder = tmp_path_factory.mktemp("desk run")
    (folder / "music").mkdir()
    write_pieces(folder / "music", [20.0 + number for number in range(16)])
    library = folder / "library.db"
    run("scan", folder / "music", "--library", library, "--no-vocals", "--no-embedding")
    run("build", "arc", "--duration", "3m", *SHORT, "--library", library)
    return library


@pytest.fixture
def desk(kept, tmp_path):
    """Start the desk on a library of its own."""
    library = tmp_path / "library.db"
    library.write_bytes(kept.read_bytes())
    served = []

    def start(language="en"):
        served.append(DeskProcess(library, language))
        return served[-1], served[-1].start()

    yield start
    for each in served:
        each.kill()
