"""The public names: all listed, typed and described, and enough for a whole application."""

import ast
import inspect
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest

import playlist_builder
from playlist_builder.errors import LibraryError
from playlist_builder.playlists import session_json
from tests import application, week
from tests.support.sounds import write_pieces

NAMES = [name for name in dir(playlist_builder) if not name.startswith("_")]
CLASSES = [each for each in map(playlist_builder.__getattr__, NAMES) if inspect.isclass(each)]
SCRIPT, WEEK = (
    ast.parse(Path(each.__file__).read_text(encoding="utf-8")) for each in (application, week)
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the application tells of fourteen short pieces and a text, and where it wrote."""
    music, target = tmp_path_factory.mktemp("music"), tmp_path_factory.mktemp("target")
    write_pieces(music, [12.0 + number / 4 for number in range(14)])
    (music / "text.flac").write_text("no music")
    with ThreadPoolExecutor(1) as executor:
        return application.main(music, target, executor), target


def test_an_application_scans_builds_edits_replans_keeps_and_exports(made):
    told, target = made
    assert told[0].startswith("skipped")
    assert "rated up for A7" in "\n".join(told)
    assert "2 blocks for 1 part, 2 paths" in told
    session = session_json.load_session(target / "session.json")
    assert len(session.slots) > 2
    assert session.request.changes
    lines = (target / "session.m3u8").read_text(encoding="utf-8").splitlines()
    assert sum(not line.startswith("#") for line in lines) == len(session.slots + session.tail)
    assert (target / "session.html").exists()
    assert "5 s were heard" in told
    assert (target / "record.html").exists()


def test_a_week_of_twenty_tasks_is_done_in_public_names(own_demo, tmp_path):
    with playlist_builder.Library.open(own_demo / "l.db") as library:
        told = week.week(library, tmp_path)
    numbers = [int(line.split()[0]) for line in told]
    assert sorted(set(numbers)) == list(range(1, 21))
    assert "18 last week's: monday" in told
    assert told[-1] == "20 forgotten: 0 sessions and files"
    for name in ("joins.flac", "monday.m3u8", "monday.html", "phone/monday.m3u8", "record.html"):
        assert (tmp_path / name).is_file()


@pytest.mark.parametrize("script", [SCRIPT, WEEK], ids=["application", "week"])
def test_a_program_uses_public_names_alone(script):
    imports = {
        name.name
        for node in ast.walk(script)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    modules = {node.module for node in ast.walk(script) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imports | modules} <= {
        *sys.stdlib_module_names,
        "playlist_builder",
    }
    assert "playlist_builder" not in modules
    used = {node.attr for node in ast.walk(script) if isinstance(node, ast.Attribute)}
    assert not [name for name in used if name.startswith("_")]


def test_an_application_edits_in_every_way():
    used = {node.attr for node in ast.walk(SCRIPT) if isinstance(node, ast.Attribute)}
    public = vars(playlist_builder.SessionEditor)
    edits = {name for name in public if not name.startswith("_")}
    assert edits <= used


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_described(name):
    found = playlist_builder.__getattr__(name)
    if not isinstance(found, dict) and name not in {"ScanEvent", "Scorer"}:
        assert inspect.getdoc(found)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_public_method_is_described_and_typed(kind):
    for name, member in vars(kind).items():
        function = getattr(member, "__func__", member)
        if isinstance(member, property):
            function = member.fget
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        assert function.__doc__, name
        parameters = list(inspect.signature(function).parameters.values())
        untyped = [each.name for each in parameters if each.annotation is each.empty]
        assert set(untyped) <= {"self", "cls"}, name


def test_whatever_a_public_name_gives_or_takes_is_public_too():
    """Else a program could not say of what type its own variables are."""
    hidden = {
        f"{own.__name__}: {name}"
        for own in map(playlist_builder.__getattr__, NAMES)
        if callable(own) and hasattr(own, "__module__")
        for annotation in annotations_of(own)
        for name in re.findall(r"[A-Za-z]+", annotation)
        if name not in NAMES and is_ours(getattr(sys.modules.get(own.__module__), name, None))
    }
    assert not hidden


def annotations_of(own):
    """The annotations of a function, or of the fields and public methods of a class, as texts."""
    parts = [own]
    if inspect.isclass(own):
        members = [vars(kind).items() for kind in own.__mro__ if is_ours(kind)]
        for name, member in chain.from_iterable(members):
            function = member.fget if isinstance(member, property) else member
            if not name.startswith("_") and hasattr(function, "__annotations__"):
                parts.append(function)
    found = [kind for part in parts for kind in getattr(part, "__annotations__", {}).values()]
    return [kind.__name__ if inspect.isclass(kind) else str(kind) for kind in found]


def is_ours(kind):
    return inspect.isclass(kind) and kind.__module__.startswith("playlist_builder")


def test_what_is_public_is_listed_once_and_in_order():
    tree = ast.parse(Path(playlist_builder.__file__).with_suffix(".pyi").read_text())
    imported = [
        name.asname or name.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    ]
    assert len(imported) == len(set(imported))
    assert sorted(imported) == sorted(playlist_builder.__all__) == sorted(NAMES)


def test_nothing_heavy_is_loaded_before_it_is_used():
    code = "import sys, playlist_builder; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert not {"numpy", "scipy", "av", "click", "msgspec"} & set(done.stdout.split())


def test_sessions_and_tracks_are_values_that_any_thread_may_use(made):
    """A library is not: it belongs to the thread that opened it."""
    _, target = made
    found = []
    with playlist_builder.Library.open(target / "library.db") as library:
        session, tracks = library.session(), library.tracks()

        def work():
            found.append(playlist_builder.arrange(list(tracks), PROFILE, SHORT).slots[0].identity)
            found.append(session_json.dump(session))
            try:
                library.tracks()
            except LibraryError as error:
                found.append(str(error))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert found[0] in tracks.identities
        assert found[1] == session_json.dump(session)
        assert "by another thread than the one that opened it" in found[2]
        library.tracks()


PROFILE = playlist_builder.load_profile("steady")
SHORT = playlist_builder.Constraints(
    duration_s=60.0, allow_short=True, rules=playlist_builder.Rules(track_min_s=10.0)
)
