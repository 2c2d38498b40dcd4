"""Whatever a program passes in is taken, or refused in one line: nothing fails deep inside."""

from dataclasses import fields, replace
from functools import partial

import pytest

import playlist_builder as pb
from playlist_builder import checked
from playlist_builder.errors import PlaylistBuilderError, RequestError
from tests.support.libraries import fill_there

LONGEST = 400  # characters of one line
STRANGE = [
    *(object(), [5], b"x", -1, float("nan"), "x\0", "5"),
    *(10**400, -(10**400), 10**5000, 2**63, "\ud800"),
]
RATING = pb.Rating("0000", "up", "", "2026-05-01T10:00:00+02:00", "", "")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with pb.Library.open(fill_there(tmp_path_factory.mktemp("library"), 40)) as library:
        yield library


@pytest.fixture(scope="module")
def editor(opened):
    request = pb.SessionRequest("steady", duration_s=1200.0)
    return pb.SessionEditor(opened, opened.build(request))


def calls(library, editor, tmp_path):
    """Every way in with a value left out: what takes it, under the name of the value."""
    track, session = library.tracks()[0], editor.session
    request = pb.SessionRequest("arc")
    return {
        "open": pb.Library.open,
        "look": pb.Library.look,
        "scorer": lambda each: pb.Library.open(tmp_path / "l.db", scorer=each),
        "scan": library.scan,
        "jobs": lambda each: library.scan(tmp_path, jobs=each),
        "vocals": lambda each: library.scan(tmp_path, vocals=each),
        "folders": lambda each: library.tracks(folders=each),
        "missing": lambda each: library.tracks(missing=each),
        "find": library.find,
        "track": library.track,
        "path_of": library.path_of,
        "embedding": library.embedding,
        "energy_rank": library.energy_rank,
        "rank count": lambda each: library.energy_rank(track, each),
        "similar": library.similar,
        "merge": library.merge,
        "calibrate": library.calibrate,
        "forget_name": library.forget_name,
        "banned": library.banned,
        "mark": lambda each: library.mark(each, pb.Mark()),
        "mark mark": lambda each: library.mark(track.identity, each),
        "identities": library.identities,
        "build": library.build,
        "build folders": lambda each: library.build(request, profile_folders=each),
        "count": lambda each: library.build_alternatives(request, each),
        "series": lambda each: library.build_series(request, each),
        "keep": library.keep,
        "keep name": lambda each: library.keep(session, name=each),
        "keep at": lambda each: library.keep(session, at=each),
        "session": library.session,
        "sessions of": library.sessions.all,
        "sessions find": library.sessions.find,
        "sessions by_id": library.sessions.by_id,
        "sessions of_file": library.sessions.of_file,
        "sessions document": library.sessions.document,
        "sessions rename": lambda each: library.sessions.rename("0" * 16, each),
        "sessions remove": library.sessions.remove,
        "history of": library.history.of,
        "history existing": library.history.existing,
        "history rate": lambda each: library.history.rate("A7", each),
        "history rate name": lambda each: library.history.rate(each, RATING),
        "verdict": lambda each: library.history.rate("A7", replace(RATING, verdict=each)),
        "rated at": lambda each: library.history.rate("A7", replace(RATING, at=each)),
        "history ban": lambda each: library.history.ban("A7", each),
        "history unban": lambda each: library.history.unban("A7", each),
        "capacity": library.capacity,
        "menu": library.menu,
        "menu count": lambda each: library.menu(request, each),
        "render": lambda each: pb.render_session(each, tmp_path / "s.flac"),
        "render path": lambda each: pb.render_session(session, each),
        "preview": lambda each: pb.preview_session(each, tmp_path / "s.flac"),
        "joins": lambda each: pb.preview_session(session, tmp_path / "s.flac", joins=each),
        "copy": lambda each: pb.copy_session(each, tmp_path / "stick", name="n"),
        "copy to": lambda each: pb.copy_session(session, each, name="n", jobs=1),
        "editor": lambda each: pb.SessionEditor(each, session),
        "editor session": lambda each: pb.SessionEditor(library, each),
        "swap": editor.swap,
        "swap track": lambda each: editor.swap(2, each),
        "candidates": editor.candidates,
        "candidates count": lambda each: editor.candidates(2, each),
        "pin": editor.pin,
        "unpin": editor.unpin,
        "drop": editor.drop,
        "move": lambda each: editor.move(each, 2),
        "move to": lambda each: editor.move(2, each),
        "insert": editor.insert,
        "insert at": lambda each: editor.insert(track, each),
        "extend": lambda each: editor.extend(by_s=each),
        "extend phase": lambda each: editor.extend(by_s=10.0, phase=each),
        "shorten": lambda each: editor.shorten(by_s=each),
        "replan": lambda each: editor.replan(at_s=each),
        "replan extend": lambda each: editor.replan(at_s=60.0, extend_s=each),
        "replan skip": lambda each: editor.replan(at_s=60.0, skip=each),
        "replan phase": lambda each: editor.replan(at_s=60.0, phase=each),
        "write": lambda each: pb.write_session(session, each),
        "write session": lambda each: pb.write_session(each, tmp_path / "s.m3u8"),
        "write dialect": lambda each: pb.write_session(session, tmp_path / "s.csv", dialect=each),
        "report": lambda each: pb.write_report(session, each),
        "report session": lambda each: pb.write_report(each, tmp_path / "s.html"),
        "report language": lambda each: pb.write_report(
            session, tmp_path / "s.html", language=each
        ),
        "text": lambda each: pb.session_text(each, width=80),
        "text width": lambda each: pb.session_text(session, width=each),
        "load_session": pb.load_session,
        "load_profile": pb.load_profile,
        "matching": lambda each: pb.matching(library.tracks(), each),
        "analyse_file": pb.analyse_file,
        **{
            f"mix {each.name}": partial(_with, pb.MixSettings, each.name)
            for each in fields(pb.MixSettings)
        },
        **{
            f"scan {each.name}": partial(_with, pb.ScanSettings, each.name)
            for each in fields(pb.ScanSettings)
        },
    }


def _with(kind, name, value):
    return kind(**{name: value})


def test_whatever_is_passed_in_is_taken_or_refused_in_one_line(
    opened, editor, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    failed = []
    for name, call in calls(opened, editor, tmp_path).items():
        for value in STRANGE:
            try:
                call(value)
            except PlaylistBuilderError as error:
                if not str(error).isprintable() or len(str(error)) > LONGEST:
                    failed.append((name, value, str(error)))
            except Exception as error:  # noqa: BLE001 - what is sought
                failed.append((name, value, repr(error)))
    assert opened.history.names() == [pb.PersonSummary("5", 0, 1, 0, "")]
    assert not failed, "\n".join(map(str, failed))


def test_a_value_that_is_left_out_is_not_checked(opened):
    assert opened.tracks(missing=False, folders=()).paths
    assert opened.session is not None
    with pytest.raises(TypeError, match="missing"):
        opened.find()


@pytest.mark.parametrize(
    ("check", "value", "says"),
    [
        (checked.whole, 1.0, "x: give a whole number, not 1.0."),
        (checked.at_least(2), 1, "x: give a whole number from 2 on, not 1."),
        (checked.paths, "/music", "x: give several paths, such as ['/music'], not '/music'."),
        (checked.a(pb.Mark), 3, "x: give a Mark, not 3."),
    ],
)
def test_it_is_said_what_to_give(check, value, says):
    with pytest.raises(RequestError) as told:
        check("x", value)
    assert str(told.value) == says


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), True, "1"])
def test_what_no_float_can_hold_is_no_number(value):
    assert not checked.is_number(value)
