"""Every command in Japanese, in many states: no sentence that it prints holds a word of English.

What stays as it is are the names of commands, options, formats and units, and what a user named.
"""

# ruff: noqa: RUF001 - Japanese

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from playlist_builder.cli.render import _music_done
from playlist_builder.playlists import session_types
from playlist_builder.recording.render import CHECKING, MEASURING, MIXING, RenderProgress
from tests.cli.test_help_language import commands
from tests.support.commands import invoke

WORD = re.compile(r"[A-Za-z][A-Za-z_]+")
NAMES = WORD.findall(  # that stay as they are
    "playlist builder Enter PHASE LEVEL FROM TO PLACE OTHER evening rest phases"
    " LU LUFS dB dBFS BPM Hz kHz ms MB min major minor LSD"
    " JSON TOML XML CUE ISO UTF CSV MPD VLC Subsonic MusicBrainz ISRC ReplayGain"
    " pip install python mpd keyring set upgrade true false None NaN"
    " name minutes percent level wave silence fixed tension moving basis text title artist album"
    " genre mood comment date path language vocals key year energy peak bpm length loudness range"
    " startle brightness"
)
OWN = re.compile(  # what a user named, and what has to be typed as it stands
    r"'[^']*'|\"[^\"]*\"|「[^」]*」|(?:Title|Artist) \d+|[\w~+*:-]*[/.@=][\w~./:@=+*-]*|--?\w[\w-]*"
    r"|^出典：.*|^使い方：.*",
    re.ASCII | re.MULTILINE,
)
KEYS = {"call", "silences", "slots", "spares", *session_types.Session.__struct_fields__}
KEYS |= {*session_types.Slot.__struct_fields__, *session_types.Request.__struct_fields__}
PROFILES = Path(__file__).parents[2] / "profiles"
BUILT = [  # of a library of made-up tracks, whose files are there and empty
    "build steady --duration 4m --name evening -o a.m3u8 -o a.csv",
    "build steady --duration 4m --for あやめ --explain --notes",
    "build rest.toml --notes -o rest.m3u8",
    "build steady --duration 5h",
    "build steady --duration 5h --allow-short --max-length 3m",
    "build steady --duration 4m --trim 60s --alternatives 2 -o t.m3u8",
    "series steady --duration 3m --sessions 2 --for あやめ -o s.m3u8",
    "sessions",
    "sessions show evening",
    "sessions name evening night",
    "sessions name 1 evening",
    "report evening --notes",
    "report rest.m3u8 -o r.html -o r.svg",
    "report -o r.xyz",
    "export evening -o b.xspf -o b.jspf --gap 2s",
    "export evening -o b.csv --player android",
    "export evening -o b.m3u8 --player android",
    "export rest.m3u8 -o c.pls",
    "swap evening 2 --candidates 3",
    "swap evening 2",
    "undo evening",
    "redo evening",
    "redo evening",
    "pin evening 2",
    "pin evening 2",
    "move evening 1 2",
    "extend evening 3m",
    "shorten evening 2h",
    "unpin evening 1",
    "unpin evening 3",
    "drop evening 1",
    "insert evening 30 --at 1",
    "replan evening --at 2:00",
    "replan evening",
    "replan evening --at 9:99",
    "replan evening --at 2:00 --to nowhere",
    "rebuild evening",
    "rescue",
    "reorder a.m3u8 --duration 5m",
    "reorder gone.m3u8",
    "menu rest.toml --blocks 2 -o m.m3u8",
    "resolve list.csv steady",
    "tracks energy<0.3 --limit 3",
    "tracks nix:1",
    "mark 1 --energy 0.4 --vocals sung --note 静か",
    "show 1",
    "mark 1 --ban",
    "mark 1 --ban --for あやめ",
    "tracks --limit 3",
    "tracks --like 1",
    "mark 1 --clear",
    "mark 1",
    "rate 2 1 up --note 微笑んだ",
    "rate 2 nobody up",
    "history",
    "history あやめ",
    "history ばら",
    "check evening",
    "check gone.m3u8 --fix",
    "check none.m3u8",
    "calibrate",
    "calibrate --forget --yes",
    "copy evening out",
    "copy evening out",
    "copy evening out --convert opus --for-phone",
    "render evening -o e.flac",
    "render evening -o e.xyz",
    "preview evening -o p.flac",
    "preview evening 1 -o p.flac",
    "push evening mpd://127.0.0.1:1",
    "push evening subsonic+https://host",
    "push evening ftp://host",
    "push evening mpd://host --crossfade 3s",
    "library merge other.db",
    "library merge l.db",
    "records",
    "record 1",
    "record --forget",
    "profiles",
    "profiles show arc",
    "profiles check rest.toml",
    "demo l.db",
    "desk --no-such",
    "sessions remove 3 --yes",
    "history --forget あやめ --yes",
    "history --forget あやめ",
]
MISTAKES = [  # and states in which there is nothing to work with
    "scan",
    "scan nowhere",
    "scan broken --no-vocals --no-embedding --jobs 1 --library new.db",
    "build --library new.db",
    "report --library new.db",
    "sessions --library new.db",
    "tracks --library junk.db",
    "tracks --library .",
    "tracks --library none.db",
    "build nowhere",
    "build bad.toml",
    "profiles check bad.toml",
    "build steady --duration x",
    "build steady --alternatives x",
    "build steady --vocals x",
    "build steady --level x=2",
    "build steady --level nowhere=0.2",
    "build steady --min-length 5m --max-length 2m",
    "build steady --tolerance 9h",
    "build steady --pin nothing",
    "build steady --pin 0@x",
    "build steady --include nix:1",
    "build steady --include genre:nothing",
    "build steady -o a.xyz",
    "build steady -o - --json",
    "build --unknown",
    "swap",
    "swap nowhere 1",
    "rate 1 1",
    "series steady",
    "export",
    "undo",
    "push evening",
    "bild",
]
SPOILT = [  # a document of a session
    lambda whole: whole.pop("profile"),
    lambda whole: whole.update(version=99),
    lambda whole: whole.update(version="x"),
    lambda whole: whole.update(cost="x"),
    lambda whole: whole.update(cost=float("nan")),
    lambda whole: whole.update(seed=1.5),
    lambda whole: whole.update(slots=[]),
    lambda whole: whole.update(scale="x"),
    lambda whole: whole.update(target_s=-1),
    lambda whole: whole.update(spares=[{**whole["slots"][0], "place": 99}]),
    lambda whole: whole.update(silences=[{"start_s": 0, "end_s": 9, "phase": "x"}]),
    lambda whole: whole["slots"][0].update(path="x"),
    lambda whole: whole["slots"][0].update(end_s=-1.0),
    lambda whole: whole["slots"][0].update(start_s=5.0, end_s=2.0),
    lambda whole: whole["slots"][0].update(from_s=0.0, to_s=0.1),
    lambda whole: whole["slots"][1].update(start_s=0.0),
    lambda whole: whole["call"].update(asked_at="x"),
    lambda whole: whole["call"].update(name="x\n"),
    lambda whole: whole["call"].update(pins=["x"], pinned=[]),
    lambda whole: whole["call"].update(profile_text="\0"),
    lambda whole: whole["call"].update(alternative=0),
    lambda whole: whole["call"].update(tolerance_s="x"),
]


class Shown(HTMLParser):
    """The texts of a page, and the names that are read aloud."""

    def __init__(self):
        super().__init__()
        self.texts, self._hidden = [], False

    def handle_starttag(self, tag, attrs):
        self._hidden = tag in {"style", "script"}
        self.texts += [value for name, value in attrs if name == "aria-label"]

    def handle_data(self, data):
        self.texts += [] if self._hidden else [data]


@cache
def allowed():
    """Return the words that are names: of commands, options and values, and those above."""
    found = {*NAMES, *(path.stem for path in PROFILES.glob("*.toml"))}
    for words, command in commands():
        found.update(words, *(each.opts for each in command.params))
        for each in command.params:
            found.update(getattr(each.type, "choices", ()), [each.metavar or each.name])
    return {word.upper() for name in found for word in WORD.findall(str(name))}


def english(text, typed=""):
    """Return the words of English that a text holds, but names and what the user typed."""
    known = allowed() | {word.upper() for word in WORD.findall(typed)}
    return [word for word in WORD.findall(OWN.sub(" ", text)) if word.upper() not in known]


def walk(lines):
    """Run commands in Japanese; return those that print English, with its words."""
    found = {}
    for line in lines:
        done = invoke(*line.split(), LANGUAGE="ja")
        told = done.stdout + done.stderr
        assert told, line
        if words := english(told, line):
            found[line] = words
    return found


@pytest.fixture
def peopled(made_up, tmp_path):
    """The library of made-up tracks, and beside it playlists, profiles, and what is none."""
    text = 'title="x"\nminutes=5\n[[phases]]\nname="x"\npercent=[0,100]\nlevel=0.4\n'
    text += 'silence="30s"\n'
    (tmp_path / "rest.toml").write_text(text, encoding="utf-8")
    (tmp_path / "bad.toml").write_text(text.replace("0.4", '"x"'), encoding="utf-8")
    (tmp_path / "gone.m3u8").write_text("#EXTM3U\n/nowhere/a.flac\n", encoding="utf-8")
    (tmp_path / "list.csv").write_text("title,artist\nTitle 3,Artist 3\nx,y\n", encoding="utf-8")
    (tmp_path / "junk.db").write_bytes(b"junk" * 200)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.flac").touch()
    (tmp_path / "broken" / "b.mp3").write_bytes(b"junk" * 200)
    (tmp_path / "other.db").write_bytes((tmp_path / "l.db").read_bytes())
    return made_up


@pytest.mark.usefixtures("peopled")
def test_no_command_prints_english(tmp_path):
    assert walk(BUILT) == {}
    page = Shown()
    page.feed((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert english("\n".join(page.texts)) == []


@pytest.mark.usefixtures("peopled")
def test_no_mistake_is_told_in_english():
    assert walk(MISTAKES) == {}


def test_all_commands_are_walked():
    walked = {tuple(line.split()) for line in BUILT + MISTAKES}
    assert [
        words
        for words, command in commands()
        if not hasattr(command, "commands")
        and not any(line[: len(words)] == words for line in walked)
    ] == []


def test_damage_of_a_session_is_told_in_japanese(peopled, tmp_path):
    peopled("build steady --duration 4m --for x -o e.json")
    text, file = (tmp_path / "e.json").read_text(encoding="utf-8"), tmp_path / "bad.json"
    for spoil in SPOILT:
        whole = json.loads(text)
        spoil(whole)
        file.write_text(json.dumps(whole), encoding="utf-8")
        done = invoke("report", file, LANGUAGE="ja")
        assert done.code == 1, done.stdout
        assert [word for word in english(done.stderr) if word not in KEYS] == []


def test_the_progress_of_a_recording_is_told_in_japanese(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "ja")
    for activity in (MEASURING, MIXING, CHECKING):
        told, *_ = _music_done(RenderProgress(activity, 1.0, 2.0), 1.0)
        assert (english(told), bool(told)) == ([], True)
