"""What the README shows is true: every command runs, and the session printed has the real form.

The two commands that install are run by `.ci/run`, in environments of their own. After a change of
scores or of the music of the demo, `--regenerate` writes what the demo prints into the README.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from playlist_builder import Library
from playlist_builder.cli import output
from tests.support.commands import run
from tests.support.sounds import write_pieces

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

FIVE, ALL = README.split("## All commands")
DEMO = "$ playlist-builder demo"
PLATFORM = 0.02  # by which energy and tension may differ between systems

KINDS = {
    "summary": r"\w+: \d+ tracks, [\d.]+ min of [\d.]+ min asked for, peak from [\d:]+ to [\d:]+$",
    "heading": r" *#  start  phase",
    "track": r" *\d+ +\d+:\d\d  ",
    "tail": r"tail, [\d.]+ min: ",
    "key": r"energy: ⠒⠒ planned  ▆▆ actual$",
    "chart": r"(\d\.\d\d)? *[│┤┼]",
    "times": r"min +\d",
    "loud": r"loud +▲",
    "marks": r" +a ",
    "calm": r"nothing stands out, as far as it can be measured$",
    "rest": r"\d+ more notes?: playlist-builder report 1 --library \S+ --notes$",
    "continued": r"  \S",
}


def blocks(language, text=README):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text=README):
    lines = (line for block in blocks("console", text) for line in block.splitlines())
    return [line[2:] for line in lines if line.startswith("$ ") and line != DEMO]


def form(printed):
    """The kinds of line of a printed session, its headings, and the columns of each track."""
    lines = printed.splitlines()
    found = [
        next((kind for kind, start in KINDS.items() if re.match(start, line)), line)
        for line in lines
    ]
    kinds = [kind for kind, _ in groupby(kind for kind in found if kind != "continued")]
    headings = [line.split() for kind, line in zip(found, lines, strict=True) if kind == "heading"]
    columns = {
        len(re.split(r" {2,}", line.strip()))
        for kind, line in zip(found, lines, strict=True)
        if kind == "track"
    }
    return kinds, headings, columns, found.count("chart")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with 81 minutes of music, no two pieces alike, and a copy of the profiles."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "Music").mkdir()
    write_pieces(folder / "Music", [110.0 + 2.0 * n for n in range(34)], artists=12)
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    Library.open(folder / "nas.db").__exit__(None, None, None)
    return folder


def words_of(command, home):
    program, *words = [word.replace("~", str(home)) for word in shlex.split(command)]
    assert program == "playlist-builder"
    return words


def tracks(printed):
    """The lines of tracks: what stands in them, and apart from that their energies and tensions."""
    lines = [
        re.split(r" {2,}", line.strip())
        for line in printed.splitlines()
        if re.match(KINDS["track"], line)
    ]
    figures = [[float(each) for each in line if re.fullmatch(r"\d\.\d\d", each)] for line in lines]
    return [
        [each for each in line if not re.fullmatch(r"\d\.\d\d", each)] for line in lines
    ], figures


def test_the_demo_prints_what_is_shown(demo, request):
    """The same tracks at the same times with the same figures, in the same form."""
    printed = (demo.parent / "printed.txt").read_text(encoding="utf-8")
    (block,) = (each for each in blocks("console") if each.startswith(f"{DEMO}\n"))
    if request.config.getoption("--regenerate"):
        text = README.replace(block, f"{DEMO}\n{printed}")
        (ROOT / "README.md").write_text(text, encoding="utf-8", newline="\n")
        block = f"{DEMO}\n{printed}"
    shown = block.split("\n", 1)[1]
    assert form(shown) == form(printed)
    assert set(form(shown)[0]) <= KINDS.keys()
    (texts, figures), (own_texts, own_figures) = tracks(shown), tracks(printed)
    assert texts == own_texts
    assert np.allclose(figures, own_figures, rtol=0.0, atol=PLATFORM + 1e-9)


def test_every_command_runs(home, demo_library, monkeypatch):
    """The first five with music of one's own, the others with the library of the demo.

    A swap is asked for by somebody at a terminal, who takes the first that is listed.
    """

    def run_as_typed(command, **own):
        words = words_of(command, home)
        monkeypatch.setattr(output, "can_ask", lambda: words[0] == "swap")
        run(*words, cwd=home, typed="1\n", HOME=str(home), **own)

    assert len(commands(FIVE)) == 5
    for command in commands(FIVE):
        run_as_typed(command)
    for command in commands(ALL):
        own = {} if "~/Music" in command else {"PLAYLIST_BUILDER_LIBRARY": str(demo_library[1])}
        run_as_typed(command, **own)
    assert (home / "tonight.m3u8").read_text(encoding="utf-8").count("#EXTINF") >= 20
    assert (home / "calm.m3u8").exists()


def test_other_systems_run_the_second_command():
    (install_and_test,) = re.findall(r"^python3 .*\bpytest$", README, re.MULTILINE)
    workflow = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    assert f"- run: {install_and_test}\n" in workflow


def test_the_readme_shows_a_session():
    (picture,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert (ROOT / picture).read_text(encoding="utf-8").startswith("<svg")


def test_the_example_in_python_runs_as_a_script(home):
    """Without `if __name__ == "__main__"`, although it starts processes."""
    (home / "example.py").write_text(blocks("python")[0], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "example.py"],
        capture_output=True,
        cwd=home,
        env=os.environ | {"HOME": str(home), "PYTHONUTF8": "1"},
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / "tonight.m3u8").exists()


def test_shell_completion_is_what_the_shell_can_read(home):
    assert "_PLAYLIST_BUILDER_COMPLETE=bash_source" in README
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from playlist_builder.cli import main; main(prog_name='playlist-builder')",
        ],
        capture_output=True,
        env=os.environ | {"HOME": str(home), "_PLAYLIST_BUILDER_COMPLETE": "bash_source"},
        encoding="utf-8",
        check=False,
    )
    assert "complete" in done.stdout
