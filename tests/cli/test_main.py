"""The command line as a whole: public names, help, and what bad input gets."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest

from playlist_builder.cli.main import FILES, SECTIONS, main
from playlist_builder.files.system import ONE_THREAD
from playlist_builder.library.library import Library
from playlist_builder.profiles import find
from tests.support.commands import invoke, run


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("build", "wrkout"), 1, "No profile 'wrkout'. Available: arc,"),
        (("build",), 1, "No tracks yet. Scan a folder first"),
        (("build", "-o", "x.mp3"), 1, ".m3u8"),
        (("build", "--duration", "soon"), 2, "'soon' is no duration"),
        (("build", "steady", "--level", "loud"), 2, "give a level from 0 to 1"),
        (("build", "steady", "--curve", "0=loud"), 2, "'0=loud' is no curve"),
        (("build", "steady", "--curve", "9=0.1,3:00=0.7"), 2, "curve: give points"),
        (("build", "steady", "--curve", "0=0.1,90=0.7"), 2, "before the last point at 1:30:00"),
        (("scan", "nowhere"), 1, "nowhere"),
        (("show", "nothing"), 1, "No track 'nothing'"),
        (("mark", "nothing"), 2, "Say something"),
        (("mark", "nothing", "--vocals", "loud"), 2, "is not one of"),
        (("mark", "nothing", "--unban", "--ban"), 2, "one or the other"),
        (("export", "missing.json", "-o", "-"), 1, "missing.json"),
        (("tracks", "--library", "."), 2, "library"),
    ],
)
def test_bad_input_gets_one_clear_line(arguments, code, says, tmp_path):
    library = {} if "--library" in arguments else {"PLAYLIST_BUILDER_LIBRARY": "empty.db"}
    Library.open(tmp_path / "empty.db").__exit__()
    done = run(*arguments, cwd=tmp_path, code=code, **library)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error: ")]
    assert len(errors) == 1
    assert says in errors[0]


@pytest.mark.parametrize(
    "line",
    [
        "from playlist_builder import series, arrange",
        "from playlist_builder import *",
        "import playlist_builder.library.library; from playlist_builder import arrange, series",
        "from playlist_builder import copy_session, alternatives, arrange, series",
    ],
)
def test_public_names_are_what_they_say_in_any_order(line):
    """Importing one module does not put another in the place of a function."""
    code = f"{line}; print(callable(arrange), callable(series))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


def test_no_arguments_print_help():
    done = run(code=2)
    assert "Usage:" in done.stderr + done.stdout


def test_a_mistyped_command_suggests_the_right_one():
    words = [sys.executable, "-m", "playlist_builder", "scna"]  # in which no command is loaded yet
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "Did you mean 'scan'?" in done.stderr


def test_help_has_every_command_in_one_section_and_cuts_no_line():
    """As wide as the terminal: of each command the whole first sentence."""
    named = [name for names in SECTIONS.values() for name in names]
    for file in Path(main.callback.__code__.co_filename).parent.glob("[!_]*.py"):
        import_module(f"playlist_builder.cli.{file.stem}")
    assert sorted(named) == sorted(main.commands)
    found = {name: each.callback.__module__ for name, each in main.commands.items()}
    assert found == {name: f"playlist_builder.cli.{FILES.get(name, name)}" for name in named}
    for columns in ("60", "80", "300"):
        text = run("--help", COLUMNS=columns).stdout
        assert "..." not in text.partition("Everyday:")[2]
        plain = " ".join(text.split())
        for name in named:
            start = main.commands[name].help.split("\n\n")[0].split(". ")[0]
            assert f"{name} {' '.join(start.split()).removesuffix('.')}" in plain


@pytest.mark.parametrize("group", ["sessions", "profiles", "library"])
def test_the_help_of_a_group_cuts_no_line_either(group):
    assert "..." not in run(group, "--help").stdout.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("typed", "meant"), [("raport", "report"), ("sesions", "sessions"), ("sessions shwo", "show")]
)
def test_a_mistyped_command_is_told_the_right_one(typed, meant):
    told = run(*typed.split(), code=2).stderr
    assert "id you mean" in told
    assert f"'{meant}'" in told


def test_help_loads_no_heavy_package():
    """Instant help: none of the packages that take long to load is loaded."""
    code = (
        "import sys, playlist_builder.cli\n"
        "heavy = {'numpy', 'scipy', 'av', 'jinja2', 'mutagen', 'rich', 'sqlite3'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("given", "used"), [(None, "1"), ("3", "3")])
def test_numpy_starts_no_threads_unless_it_is_told_to(given, used):
    """It was not loaded before."""
    code = (
        "import os, playlist_builder.cli\n"
        "playlist_builder.cli.main(['--version'], standalone_mode=False)\n"
        "print(os.environ['OPENBLAS_NUM_THREADS'])"
    )
    others = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
    own = {} if given is None else {"OPENBLAS_NUM_THREADS": given}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=others | own, text=True
    )
    assert done.stdout.splitlines()[-1] == used


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("build", "-o", "-", "--json"), 2, "holds one document"),
        (("build", "--tolerance", "9999h"), 1, "at most half"),
        (("build", "--max-length", "nan"), 2, "is no duration"),
        (("build", "--pin", "Thaw@-0"), 2, "give TRACK"),
        (("mark", "Thaw", "--energy", "nan"), 2, "nan is not in the range"),
        (("mark", "Thaw", "--note", "two\nlines"), 2, "plain text"),
    ],
)
def test_odd_requests_are_one_line(demo_library, arguments, code, message):
    done = run(*arguments, *demo_library, code=code)
    assert message in done.stderr


def closed(*arguments, cwd, streams):
    """Run a command whose standard streams of these numbers are closed."""
    code = (
        f"import os, sys\nfor n in {streams}: os.close(n)\nos.execv(sys.executable, sys.argv[1:])"
    )
    words = [sys.executable, "-m", "playlist_builder", *map(str, arguments)]
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, cwd=cwd, check=False
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no stream is inherited closed there")
@pytest.mark.parametrize("streams", [(1,), (0, 1, 2)])
def test_closed_streams_cost_nothing_of_what_is_written(demo_library, tmp_path, streams):
    options = ("--duration", "6m", "--min-length", "30s", "--max-length", "15m", *demo_library)
    done = closed("build", "arc", *options, "-o", "s.json", cwd=tmp_path, streams=streams)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert run("report", tmp_path / "s.json").stdout


MANY = "9" * 400


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("build", "--pin", f"Thaw@{MANY}:30"), "No track"),
        (("build", "--pin", f"Thaw@{MANY}"), "No track"),
        (("build", "--pin", f"Thaw@-{'9' * 5000}"), "No track"),
        (("build", "--duration", f"{MANY}m"), "is no duration"),
        (("build", "--tolerance", f"{MANY}m"), "is no duration"),
        (("build", "--min-length", "nan"), "is no duration"),
        (("build", "--max-length", "inf"), "is no duration"),
        (("replan", "s.json", "--at", f"{MANY}:10:00"), "is no time of a session"),
        (("render", "s.json", "-o", "x.flac", "--crossfade", "nan"), "is no duration"),
        (("preview", "s.json", "-o", "x.flac", "--loudness", "nan"), "not in the range"),
        (("mark", "Thaw", "--energy", "nan"), "not in the range"),
    ],
)
def test_numbers_that_no_music_has_get_one_clear_line(demo_library, tmp_path, arguments, says):
    (tmp_path / "s.json").touch()
    library = {"PLAYLIST_BUILDER_LIBRARY": str(demo_library[1])}
    done = invoke(*arguments, cwd=tmp_path, **library)
    assert done.code in {1, 2}
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert says in errors[0]


@pytest.mark.skipif(sys.platform == "win32", reason="no pipe has a name in a folder there")
@pytest.mark.parametrize(
    "command", [("report",), ("swap", 1), ("render", "-o", "x.flac"), ("check",), ("reorder",)]
)
def test_a_pipe_is_not_waited_for(tmp_path, command):
    name, *rest = command
    os.mkfifo(tmp_path / "s.json")
    library = {"PLAYLIST_BUILDER_LIBRARY": str(tmp_path / "l.db")}
    done = invoke(name, "s.json", *rest, cwd=tmp_path, **library)
    assert done.code == 1
    assert "no file but a pipe or device" in done.stderr


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("libx265.so: failed to map segment from shared object"),
        ImportError("IMPORTANT\n\nlibgfortran.so: Cannot allocate memory\n"),
        ImportError("DLL load failed: The paging file is too small for this operation"),
        RuntimeError("can't start new thread"),
    ],
)
def test_where_memory_ends_is_one_line(monkeypatch, error):
    monkeypatch.setattr(find, "available_profiles", mock.Mock(side_effect=error))
    done = run("profiles", code=1)
    assert done.stderr.startswith("Error: There is too little memory")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("error", [ImportError("no module"), RuntimeError("a bug")])
def test_a_mistake_of_ours_is_not_taken_for_that(monkeypatch, error):
    monkeypatch.setattr(find, "available_profiles", mock.Mock(side_effect=error))
    with pytest.raises(type(error)):
        run("profiles")


def test_ctrl_c_before_all_is_imported_is_no_traceback():
    code = """
import sys

class Interrupted:
    def find_spec(self, name, *_):
        if name == "playlist_builder.cli.help":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
import playlist_builder.cli
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")
