"""Courses, histories and ratings as a user meets them."""

import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playlist_builder.library.database import Database
from tests.support.commands import run
from tests.support.libraries import fill

TRACKS, MINUTES = 40, 2


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """The library file of 80 minutes of music, to be copied."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(TRACKS):
        (folder / f"{number}.flac").touch()
    return fill(
        *(folder / "library.db", TRACKS), artists=TRACKS, duration_s=MINUTES * 60.0, folder=folder
    )


@pytest.fixture
def library(scanned, tmp_path):
    copy = tmp_path / "library.db"
    copy.write_bytes(scanned.read_bytes())
    return "--library", copy


def built(library, file, *more):
    """Build 12 minutes to a file; returns what plays."""
    done = run("build", "arc", "--duration", "12m", *more, *library, "-o", file, "--json")
    session = json.loads(done.stdout)
    return [slot["path"] for slot in (*session["slots"], *session["tail"])]


def past(library, name):
    return json.loads(run("history", name, *library, "--json").stdout)


def test_what_was_played_for_a_name_is_not_played_for_it_again(library, tmp_path):
    """Nobody else's session is touched by that, and a draft or a rebuild does not avoid itself."""
    first = built(library, tmp_path / "a.json", "--for", "Anemone")
    assert built(library, tmp_path / "a.json", "--for", "Anemone") == first
    second = built(library, tmp_path / "b.json", "--for", "Anemone")
    assert not set(first) & set(second)
    assert built(library, tmp_path / "c.json", "--for", "Basil") == first
    assert built(library, tmp_path / "d.json") == first
    rebuilt = run("rebuild", tmp_path / "b.json", "--json")
    assert [slot["path"] for slot in json.loads(rebuilt.stdout)["slots"]] == second[
        : len(json.loads(rebuilt.stdout)["slots"])
    ]
    known = past(library, "Anemone")
    assert [Path(each["file"]).name for each in known["sessions"]] == ["a.json", "b.json"]
    names = json.loads(run("history", *library, "--json").stdout)
    assert [(each["name"], each["sessions"]) for each in names] == [("Anemone", 2), ("Basil", 1)]
    assert "a.json" in run("history", "Anemone", *library, COLUMNS="200").stdout
    assert "Basil" in run("history", *library).stdout


def test_what_is_not_kept_was_not_played(library, tmp_path):
    """A session that was only tried is removed before long."""
    built(library, tmp_path / "a.json", "--for", "Anemone", "--dry-run")
    run("build", "arc", "--duration", "12m", "--for", "Anemone", *library)
    assert len(past(library, "Anemone")["sessions"]) == 1
    run("sessions", "remove", 1, "--yes", *library)
    assert json.loads(run("history", *library, "--json").stdout) == []
    done = run("history", "Anemone", *library, code=1)
    assert "No name 'Anemone' in the history. Available: none yet." in done.stderr


def test_too_little_that_is_new_says_how_to_go_on(library, tmp_path):
    """The time within which nothing is repeated may be made shorter."""
    for number in range(3):
        done = run(
            *("build", "steady", "--duration", "30m", "--for", "Anemone", *library),
            *("-o", tmp_path / f"{number}.m3u8"),
            code=1 if number == 2 else 0,
        )
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error:")]
    assert "tracks were played for 'Anemone' within 90 days" in line
    assert "--within 30d" in line
    built(library, tmp_path / "again.json", "--for", "Anemone", "--within", "0d")


def test_a_ban_for_one_name_is_no_ban_for_another(library, tmp_path):
    first = built(library, tmp_path / "a.json")
    run("mark", first[0], "--ban", "--for", "Anemone", "--note", "bells", *library)
    assert first[0] not in built(library, tmp_path / "b.json", "--for", "Anemone")
    assert past(library, "Anemone")["bans"][0]["note"] == "bells"
    assert built(library, tmp_path / "c.json", "--for", "Basil") == first
    run("mark", first[0], "--unban", "--for", "Anemone", *library)
    assert past(library, "Anemone")["bans"] == []
    done = run("mark", first[0], "--energy", "0.4", "--for", "Anemone", *library, code=2)
    assert "--for goes with --ban" in done.stderr


def test_ratings_weigh_in_the_next_session_and_are_told(library, tmp_path):
    """What was rated down gives way to others, what was rated up comes again."""
    first = built(library, tmp_path / "a.json", "--for", "Anemone", "--within", "0d")
    time.sleep(1.0)  # what was built within the same second counts as played since
    for number in (1, 2):
        run("rate", tmp_path / "a.json", number, "up", "--note", "smiled", *library)
    run("rate", tmp_path / "a.json", 3, "up", *library)
    run("rate", tmp_path / "a.json", 3, "down", *library)
    done = run(
        *("build", "arc", "--duration", "12m", "--for", "Anemone", "--within", "0d", "--explain"),
        *("--json", *library, "-o", tmp_path / "b.json"),
    )
    session = json.loads(done.stdout)
    again = [slot["path"] for slot in session["slots"]]
    assert set(first[:2]) <= set(again)
    assert first[2] not in again
    rated = [reason["rated"] for reason in session["reasons"] if reason["rated"]]
    assert len(rated) == 2
    assert all(text.startswith("rated up for Anemone on ") for text in rated)
    assert all(text.endswith(": smiled") for text in rated)
    assert rated[0] in done.stderr
    verdicts = {each["title"]: each["verdict"] for each in past(library, "Anemone")["ratings"]}
    assert sorted(verdicts.values()) == ["down", "up", "up"]
    assert "smiled" in run("history", "Anemone", *library).stdout


def test_a_changed_session_is_kept_as_it_is_now(library, tmp_path):
    """What was swapped out was not heard; stepping back brings it back."""
    first = built(library, tmp_path / "a.json", "--for", "Anemone")
    (before,) = past(library, "Anemone")["sessions"]
    run("swap", tmp_path / "a.json", 2)
    (after,) = past(library, "Anemone")["sessions"]
    assert after["session"] == before["session"]
    assert before["tracks"][1] not in after["tracks"]
    run("undo", tmp_path / "a.json")
    assert past(library, "Anemone")["sessions"] == [before]
    assert built(library, tmp_path / "a.json", "--for", "Anemone") == first


def test_sessions_of_two_names_are_kept_apart_wherever_they_are_written(library, tmp_path):
    """Also where they went to standard output, were made at the same second, or have no number."""
    ask = ("build", "arc", "--duration", "12m", "--json", *library)
    plays = {}
    for name in ("A7", "B2"):
        for number in (1, 2):
            file = tmp_path / f"{name}-{number}.json"
            file.write_text(run(*ask, "--for", name, "--dry-run").stdout, encoding="utf-8")
            if number == 2:  # as an earlier version wrote it
                document = json.loads(file.read_text(encoding="utf-8"))
                document["call"]["session"] = ""
                file.write_text(json.dumps(document), encoding="utf-8")
    for file in sorted(tmp_path.glob("??-?.json")):
        session = json.loads(run("swap", file, 2, *library, "--json").stdout)
        plays[file.stem] = [each["identity"] for each in (*session["slots"], *session["tail"])]
    for name in ("A7", "B2"):
        known = past(library, name)["sessions"]
        assert all(each["session"] for each in known)
        own = [plays[f"{name}-1"], plays[f"{name}-2"]]
        assert sorted(each["tracks"] for each in known) == sorted(own)
    run("undo", tmp_path / "A7-2.json", *library)
    assert len(past(library, "A7")["sessions"]) == 2


def test_a_session_is_never_kept_under_the_number_of_another_name(library, tmp_path):
    """As in a copy of a session file in which somebody changed the name."""
    built(library, tmp_path / "a.json", "--for", "A7")
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    document["call"]["name"] = "B2"
    (tmp_path / "b.json").write_text(json.dumps(document), encoding="utf-8")
    kept, text = past(library, "A7"), (tmp_path / "b.json").read_text(encoding="utf-8")
    done = run("swap", tmp_path / "b.json", 2, code=1)
    assert "another name" in done.stderr
    assert past(library, "A7") == kept
    assert (tmp_path / "b.json").read_text(encoding="utf-8") == text


def test_a_session_that_may_have_been_played_is_built_again_as_another_one(library, tmp_path):
    """What was played stays in the history under its time, and its tracks are not played again."""
    first = built(library, tmp_path / "a.json", "--for", "Anemone")
    then = (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds")
    with closing(sqlite3.connect(library[1])) as raw, raw:
        raw.execute("UPDATE sessions SET at = ?", (then,))
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    document["call"]["asked_at"] = then
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")
    (old,) = past(library, "Anemone")["sessions"]
    session = json.loads(run("rebuild", tmp_path / "a.json", "--json").stdout)
    assert not set(first) & {slot["path"] for slot in (*session["slots"], *session["tail"])}
    kept, new = past(library, "Anemone")["sessions"]
    assert kept == old
    assert new["session"] == session["call"]["session"] != old["session"]
    run("rebuild", tmp_path / "a.json")  # a draft is made better
    assert len(past(library, "Anemone")["sessions"]) == 2


def test_a_rating_needs_a_track_and_a_name(library, tmp_path):
    file = tmp_path / "a.json"
    built(library, file)
    assert "was made for nobody. Say for whom" in run("rate", file, 1, "up", code=2).stderr
    done = run("rate", file, 99, "up", "--for", "Basil", *library, code=1)
    assert "There is no number 99: the session has numbers 1 to " in done.stderr
    run("rate", file, 1, "up", "--for", "Basil", *library)
    assert len(past(library, "Basil")["ratings"]) == 1


def test_a_course_is_written_kept_and_avoided(library, tmp_path):
    """Each session to its own file; a second run makes the same course again."""
    ask = ("series", "arc", "--sessions", "2", "--for", "Anemone", "--duration", "12m", *library)
    done = run(*ask, "-o", tmp_path / "course.m3u8", "--json")
    sessions = json.loads(done.stdout)
    plays = [slot["path"] for each in sessions for slot in (*each["slots"], *each["tail"])]
    assert len(set(plays)) == len(plays)
    assert "2 sessions" in done.stderr
    assert "no track twice" in done.stderr
    assert done.stderr.startswith("The library holds about 0 sessions of this kind without repeats")
    files = [f"course-{number}.m3u8" for number in (1, 2)]
    assert sorted(each.name for each in tmp_path.glob("course-?.m3u8")) == files
    known = past(library, "Anemone")["sessions"]
    assert [Path(each["file"]).name for each in known] == files
    again = json.loads(run(*ask, "-o", tmp_path / "course.m3u8", "--json").stdout)
    assert [each["slots"] for each in again] == [each["slots"] for each in sessions]
    assert not set(plays) & set(built(library, tmp_path / "next.json", "--for", "Anemone"))


def test_a_forgotten_name_is_nowhere_but_in_the_files_of_the_user(library, tmp_path):
    """Those are named; the library and its backups hold no byte of it, and all else stays."""
    session = tmp_path / "sessions" / "a.json"
    session.parent.mkdir()
    built(library, session, "--for", "Anemone")
    built(library, tmp_path / "sessions" / "b.json", "--for", "Basil")
    run("rate", session, 1, "up", *library)
    kept = past(library, "Basil")

    def beside():
        return [each for each in tmp_path.iterdir() if each.is_file()]

    assert any(b"Anemone" in each.read_bytes() for each in beside())
    refused = run("history", "--forget", "Anemone", *library, typed="n\n", code=1)
    assert "Forget Anemone for ever (1 session, 1 rating)?" in refused.stderr
    assert "Nothing was forgotten." in refused.stderr
    assert "Give --yes" in run("history", "--forget", "Anemone", *library, code=2).stderr
    assert past(library, "Anemone")["sessions"]
    done = run("history", "--forget", "Anemone", *library, typed="y\n")
    assert str(session) in done.stderr
    assert not any(b"Anemone" in each.read_bytes() for each in beside())
    assert past(library, "Basil") == kept
    with Database(str(library[1])) as database:
        assert [each.name for each in database.history.names()] == ["Basil"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("build", "--for", " "), "plain text of 1 to 100 characters"),
        (("build", "--for", "a\nb"), "plain text of 1 to 100 characters"),
        (("build", "--within", "30d"), "give --for NAME too"),
        (("build", "--for", "Anemone", "--within", "soon"), "Give days, such as 90d"),
        (("build", "--for", "Anemone", "--alternatives", "2"), "leave out --alternatives or"),
        (("series", "arc"), "--for"),
        (("history", "--forget"), "Give 'history --forget NAME'"),
    ],
)
def test_what_cannot_be_understood_is_one_line(library, arguments, told):
    done = run(*arguments, *library, code=2)
    assert told in " ".join(done.stderr.split())


def test_a_script_forgets_without_being_asked(library, tmp_path):
    built(library, tmp_path / "a.json", "--for", "Anemone")
    assert "Forget" not in run("history", "--forget", "Anemone", "--yes", *library).stderr
    assert json.loads(run("history", *library, "--json").stdout) == []
    assert "--forget" in run("history", "Anemone", "--yes", *library, code=2).stderr


def test_a_name_that_is_not_known_is_not_forgotten(library):
    done = run("history", "--forget", "Nobody", *library, code=1)
    assert "No name 'Nobody' in the history. Available:" in done.stderr
    assert done.stderr.count("\n") == 1
