"""The session file: read back as it was written, refused when any part of it is not sound."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import SessionError
from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot, Spare
from playlist_builder.playlists import session_json, session_states
from playlist_builder.session_request import PlanChange, SessionRequest
from tests.support.documents import in_turn

MAKE_ONE = "Make a session with 'playlist-builder build'"

SLOT = Slot(
    path="/music/勇気.flac",
    identity="5f",
    title="勇気",
    artist="Ada",
    album="Rooms",
    start_s=0.0,
    end_s=200.125,
    phase="calm",
    energy=0.2,
    target=0.25,
    contour=(0.1, 0.2, 0.3),
    loudness_lufs=-23.5,
    vocals="none",
)
SESSION = Session(
    profile="arc",
    scale="relative",
    target_s=3600.0,
    duration_s=3590.5,
    cost=0.125,
    bound=0.1,
    rms_error=0.05,
    slots=(SLOT, replace(SLOT, path="/music/caf\udce9.flac", start_s=200.125, end_s=3590.5)),
    tail=(
        replace(
            SLOT,
            path="C:\\music\\deep.flac",
            start_s=3590.5,
            end_s=3790.625,
            contour=(),
            vocals="unknown",
        ),
    ),
    warnings=(notice("text", text="step of +4 LU at 0:03:20"),),
    relaxed=(notice("text", text="artist"),),
    curve=(0.15, 0.3, 0.15),
    seed=7,
    spares=(Spare(replace(SLOT, path="/music/calm.flac", identity="77"), 2),),
)


def document():
    """The document of `SESSION`, to be damaged."""
    return json.loads(session_json.dump(SESSION))


def refusal(text):
    """The line that refuses `text`."""
    with pytest.raises(SessionError) as caught:
        session_json.parse(text, "tonight.json")
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 300
    return message


def test_a_whole_document_is_this_text(golden):
    """One key or one slot to a line, ASCII only, a newline at the end."""
    golden("tonight.json", session_json.dump(SESSION))


def test_the_keys_stand_in_one_order():
    """Other programs and diffs rely on it."""
    whole = document()
    assert " ".join(whole) == (
        "version profile scale seed target_s duration_s cost bound rms_error"
        " slots tail spares warnings relaxed curve"
    )
    assert " ".join(whole["slots"][0]) == (
        "path identity title artist album start_s end_s phase energy target contour"
        " loudness_lufs vocals"
    )


def test_numbers_are_rounded_to_what_can_matter():
    """Times to the millisecond, energies to four places, and no negative zero."""
    slot = replace(SLOT, start_s=-0.0, end_s=1 / 3, energy=2 / 3, contour=(1 / 3, -1e-9))
    whole = json.loads(session_json.dump(replace(SESSION, slots=[slot], curve=[1 / 7])))
    [written] = whole["slots"]
    assert (str(written["start_s"]), written["end_s"]) == ("0.0", 0.333)
    assert (written["energy"], whole["curve"]) == (0.6667, [0.1429])
    assert str(written["contour"]) == "[0.3333, 0.0]"


def test_a_number_that_json_does_not_have_is_not_written():
    """A session with NaN is a fault of the program and must not reach a file."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        session_json.dump(replace(SESSION, cost=float("nan")))


def test_the_loudness_of_the_edges_is_kept_where_it_is_known():
    """A file of an older version, which has none, is read as before."""
    known = replace(SLOT, start_loudness_lufs=-30.126, end_loudness_lufs=-20.0)
    text = session_json.dump(in_turn(replace(SESSION, slots=[known, SLOT])))
    first, second = session_json.parse(text, "s.json").slots
    assert (first.start_loudness_lufs, first.end_loudness_lufs) == (-30.13, -20.0)
    assert (second.start_loudness_lufs, second.end_loudness_lufs) == (None, None)
    with pytest.raises(
        SessionError, match=r"slots\[0\]\.end_loudness_lufs must be a finite number"
    ):
        session_json.parse(text.replace("-20.0}", '"loud"}', 1), "s.json")


def test_tension_is_kept_where_it_is_known():
    """A file of an older version, which has none, is read as before."""
    text = session_json.dump(
        in_turn(replace(SESSION, slots=[replace(SLOT, tension=0.31254), SLOT]))
    )
    first, second = session_json.parse(text, "s.json").slots
    assert (first.tension, second.tension) == (0.3125, None)
    assert text.count('"tension"') == 1
    with pytest.raises(SessionError, match=r"slots\[0\]\.tension must be a number from 0 to 1"):
        session_json.parse(text.replace("0.3125", "1.3", 1), "s.json")


def rounded(low, high, places):
    """Numbers as they stand in a session file."""
    return st.floats(low, high).map(lambda number: round(number, places) + 0.0)


ESCAPED_BYTES = st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"])
TEXT = st.text(st.characters() | ESCAPED_BYTES, max_size=20)
LEVELS = rounded(0, 1, 4)
TIMES = rounded(0, 100_000, 3)
LEVEL_LISTS = st.lists(LEVELS, max_size=5).map(tuple)
SLOTS = st.builds(
    lambda length, **rest: Slot(end_s=rest["start_s"] + length, **rest),
    length=st.integers(0, 1000).map(float),
    path=TEXT.map(lambda name: "/" + name.replace("\0", "")),
    identity=TEXT,
    title=TEXT,
    artist=TEXT,
    album=TEXT,
    start_s=st.integers(0, 100_000).map(float),
    phase=TEXT,
    energy=LEVELS,
    target=LEVELS,
    contour=LEVEL_LISTS,
    loudness_lufs=rounded(-70, 0, 2),
    vocals=st.sampled_from(["none", "wordless", "sung", "spoken", "unknown"]),
    tension=st.none() | LEVELS,
)
NUMBERS = st.integers(-(10**9), 10**9)
NOTICES = st.lists(
    st.one_of(
        st.builds(notice, st.just("text"), text=TEXT),
        st.builds(notice, st.just("wordless"), count=NUMBERS, total=NUMBERS),
        st.builds(
            notice,
            st.just("loudness_jumps"),
            count=st.integers(1, 9),
            limit_lu=rounded(0, 9, 1),
            worst_lu=rounded(0, 90, 1),
            title=TEXT,
            at_s=st.integers(0, 100_000).map(float),
            phase=TEXT,
        ),
        st.builds(
            notice,
            st.just("artist_max"),
            most=NUMBERS,
            artists=st.lists(st.tuples(st.text(max_size=5), NUMBERS), max_size=1).map(tuple),
        ),
    ),
    max_size=2,
).map(tuple)
SESSIONS = st.builds(
    Session,
    profile=TEXT,
    scale=st.sampled_from(["relative", "absolute"]),
    target_s=TIMES,
    duration_s=TIMES,
    cost=rounded(-10, 10, 6),
    bound=rounded(-10, 10, 6),
    rms_error=rounded(0, 1, 6),
    slots=st.lists(SLOTS, min_size=1, max_size=3).map(tuple),
    tail=st.lists(SLOTS, max_size=2).map(tuple),
    warnings=NOTICES,
    relaxed=NOTICES,
    curve=LEVEL_LISTS,
    seed=st.integers(),
    spares=st.lists(st.builds(Spare, SLOTS, st.just(1)), max_size=2).map(tuple),
).map(in_turn)


TOLD = notice("shared", count=2, titles=("Night", "Caf\udce9"))


def test_notices_are_kept_beside_their_english_texts():
    """So a report of the file can be made in another language."""
    whole = json.loads(session_json.dump(replace(SESSION, relaxed=(TOLD, *SESSION.relaxed))))
    assert whole["relaxed"] == [str(TOLD), "artist"]
    assert whole["notices"] == [
        {
            "list": "relaxed",
            "code": "shared",
            "parameters": {"count": 2, "titles": ["Night", "Caf\udce9"]},
        }
    ]
    assert session_json.parse(json.dumps(whole), "s.json").relaxed == (TOLD, *SESSION.relaxed)


@pytest.mark.parametrize(
    "change",
    [
        {"code": "of a later program"},
        {"parameters": {}},
        {"parameters": {"count": 2, "titles": 3}},
        {"parameters": {"count": {}, "titles": ["Night", "Day"]}},
        {"parameters": {"count": True, "titles": ["Night", "Day"]}},
        {"parameters": {"count": 3, "titles": ["Night", "Day"]}},
        {"code": "short_tail", "parameters": {"lasts_min": 1, "asked_min": 10**400}},
    ],
)
def test_a_notice_that_does_not_say_its_text_is_passed_over(change):
    """What stands in the list is shown as it stands there."""
    told = notice("shared", count=2, titles=("Night", "Day"))
    whole = json.loads(session_json.dump(replace(SESSION, warnings=(told,))))
    whole["notices"][0] |= change
    assert session_json.parse(json.dumps(whole), "s.json").warnings == (
        notice("text", text=str(told)),
    )


@pytest.mark.parametrize("place", ["{}", '{{"lasts_min": {}}}', "[{}]"])
def test_a_number_that_could_not_be_written_again_is_refused_anywhere(place):
    whole = json.dumps(document() | {"unknown": "here"}).replace('"here"', place.format("1e999"))
    assert "holds what no session file can keep" in refusal(whole)


@pytest.mark.parametrize("value", [3, [3], [{}], [{"code": "shared", "parameters": 3}]])
def test_a_list_of_notices_of_another_form_is_refused(value):
    assert "notices" in refusal(json.dumps(document() | {"notices": value}))


@given(SESSIONS)
def test_what_is_written_reads_back_the_same(session):
    """Names that are no UTF-8 survive, and the text can be encoded whatever they are."""
    text = session_json.dump(session)
    assert text.isascii()
    assert session_json.parse(text, "tonight.json") == session


def test_a_file_reads_back_the_same(tmp_path):
    """A byte order mark, which some editors add, does no harm."""
    file = tmp_path / "tonight.json"
    file.write_text(session_json.dump(SESSION), encoding="utf-8-sig")
    assert session_json.load_session(file) == SESSION
    assert session_json.load_session(str(file)) == SESSION


def test_keys_that_are_not_known_are_passed_over():
    """A later program may say more in a document of the same version."""
    whole = document() | {"later": ["build", "arc"]}
    whole["slots"][0]["colour"] = 3
    assert session_json.parse(json.dumps(whole), "tonight.json") == SESSION


def test_a_newer_version_asks_for_an_update():
    """It is told apart from damage before anything else is looked at."""
    assert refusal('{"version": 7}') == (
        "Session file 'tonight.json' was made by a newer playlist-builder"
        " (version 7; this one reads 1). Update playlist-builder"
    )


@pytest.mark.parametrize("version", ["1", 0, -1, 1.0, True, None, [1]])
def test_any_other_version_is_damage(version):
    """Only the number 1 is the version that is read."""
    text = json.dumps(document() | {"version": version})
    assert "is damaged: version must be 1." in refusal(text)


@pytest.mark.parametrize("text", ["[]", "3", '"arc"', "null", "{}", "[" * 100_000, "1" * 5000])
def test_json_that_is_something_else_is_not_a_session(text):
    """Absurd nesting and endless numbers included."""
    assert refusal(text) == f"Session file 'tonight.json' is not a session. {MAKE_ONE}"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1, column 1"),
        ("#EXTM3U\na.flac\n", "line 1, column 1"),
        ('{\n  "version": 1,', "line 2, column 16"),
    ],
)
def test_damaged_json_is_refused_with_its_place(text, place):
    """A playlist given for a session is the common case."""
    assert refusal(text).startswith(f"Session file 'tonight.json' is not JSON ({place}")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(number):
    """Python's reader would take them."""
    text = session_json.dump(SESSION).replace('"cost": 0.125', f'"cost": {number}')
    assert f"holds {number} where a number is needed" in refusal(text)


KEYS = [key for key in json.loads(session_json.dump(SESSION)) if key != "version"]
LATER = {
    *("spares", "playlist", "listed", "changes", "name", "within_s", "asked_at", "session"),
    *("thrown_out", "levelled"),
}
"""Keys that came later: documents without them are read as they were meant."""

SLOT_KEYS = list(json.loads(session_json.dump(SESSION))["slots"][0])


@pytest.mark.parametrize("key", sorted({*KEYS} - LATER))
def test_a_missing_key_is_named(key):
    """Nothing is guessed."""
    whole = document()
    del whole[key]
    assert f"is damaged: {key} is missing. {MAKE_ONE}" in refusal(json.dumps(whole))


def test_a_document_from_before_a_key_was_known_is_read():
    """What an earlier program wrote means the same."""
    whole = called()
    for place, key in ((whole, "spares"), *((whole["call"], key) for key in CHANGES)):
        del place[key]
    found = session_json.parse(json.dumps(whole), "s.json")
    before = replace(CALL, playlist=(), listed=(), changes=())
    assert found == replace(SESSION, request=before, spares=())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"place": 1}], "spares[0].path is missing"),
        ([3], "spares[0] must be an object, not 3"),
        ({"place": 0}, "spares[0].place must be 1 to 2, not 0"),
        ({"place": 3}, "spares[0].place must be 1 to 2, not 3"),
        ({"place": "1"}, "spares[0].place must be a whole number"),
    ],
)
def test_a_wrong_spare_is_named_with_its_place(value, expected):
    """It stands in for a slot that there is."""
    whole = document()
    whole["spares"] = [whole["spares"][0] | value] if isinstance(value, dict) else value
    assert expected in refusal(json.dumps(whole))


@pytest.mark.parametrize("key", SLOT_KEYS)
def test_a_missing_key_of_a_slot_is_named_with_its_place(key):
    """Counting from 0, as JSON tools do."""
    whole = document()
    del whole["slots"][1][key]
    assert f"is damaged: slots[1].{key} is missing. {MAKE_ONE}" in refusal(json.dumps(whole))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [None, True, {}])
def test_a_wrong_type_is_named(key, value):
    """`true` is no number, although Python counts it as one."""
    assert f"is damaged: {key} must be " in refusal(json.dumps(document() | {key: value}))


@pytest.mark.parametrize("key", SLOT_KEYS)
@pytest.mark.parametrize("value", [None, True, {}])
def test_a_wrong_type_in_a_slot_is_named_with_its_place(key, value):
    """The tail is checked like the plan."""
    whole = document()
    whole["tail"][0][key] = value
    assert f"is damaged: tail[0].{key} must be " in refusal(json.dumps(whole))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("scale", "loud", "scale must be one of absolute, relative, not 'loud'"),
        (
            "scale",
            "x - at `$.gone`",
            "scale must be one of absolute, relative, not 'x - at `$.gone",
        ),
        ("seed", 1.5, "seed must be a whole number, not 1.5"),
        ("target_s", -1, "target_s must be 0 to 907200 s (a week and a half), not -1"),
        ("target_s", 1e308, "target_s must be 0 to 907200 s (a week and a half), not 1e+308"),
        ("duration_s", 1e308, "duration_s must be 0 to 907200 s (a week and a half), not 1e+308"),
        ("cost", "0.1", "cost must be a finite number, not '0.1'"),
        ("slots", [3], "slots[0] must be an object, not 3"),
        ("warnings", ["a", 3], "warnings[1] must be text, not 3"),
        ("curve", [0.1, 1.01], "curve[1] must be a number from 0 to 1, not 1.01"),
        ("curve", [-0.01], "curve[0] must be a number from 0 to 1, not -0.01"),
        ("profile", ["x\n" * 500], "profile must be text, not ['x\\n"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_expected(key, value, expected):
    """Long values are shortened, and line breaks in them shown as such."""
    assert f"is damaged: {expected}" in refusal(json.dumps(document() | {key: value}))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("path", "music/a.flac", "path must be an absolute path, not 'music/a.flac'"),
        ("path", "", "path must be an absolute path, not ''"),
        ("path", "/a\0.flac", "path must be an absolute path, not '/a\\x00.flac'"),
        ("energy", 1.2, "energy must be a number from 0 to 1, not 1.2"),
        ("contour", [0.1, "x"], "contour[1] must be a number from 0 to 1, not 'x'"),
        ("end_s", 200, "end_s must be at least start_s, 200.125, not 200"),
        ("start_s", 200.1, "start_s must be at least 200.125, where the one before it ends, not"),
        ("start_s", 0, "start_s must be at least 200.125, where the one before it ends, not 0"),
        ("vocals", "loud", "vocals must be one of none, spoken, sung, unknown, wordless,"),
    ],
)
def test_a_wrong_value_in_a_slot_is_named_with_its_place(key, value, expected):
    """A file that was edited by hand can be mended by the line alone."""
    whole = document()
    whole["slots"][1][key] = value
    assert f"is damaged: slots[1].{expected}" in refusal(json.dumps(whole))


@pytest.mark.parametrize("part", [{"\udc80": 1}, {"scale": "\udc80"}])
def test_a_lone_surrogate_in_a_key_or_a_choice_is_refused(part):
    """msgspec cannot look it up; in names and paths it is kept."""
    assert "'\\udc80' is not text in UTF-8" in refusal(json.dumps(document() | part))


@pytest.mark.parametrize("digits", ["1e999", "1" + "0" * 400])
def test_a_number_beyond_all_reach_is_refused(digits):
    """Python reads it as infinity, or as an integer that no float holds."""
    text = session_json.dump(SESSION).replace('"cost": 0.125', f'"cost": {digits}')
    assert "is damaged: cost must be a finite number, not " in refusal(text)


@given(st.text(max_size=200) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(str))
def test_no_text_leads_to_another_error(text):
    """Whatever is given as a session file, the answer is one line for a person."""
    with pytest.raises(SessionError):
        session_json.parse(text, "tonight.json")


@given(
    st.sampled_from(list(json.loads(session_json.dump(SESSION)))),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda children: st.lists(children) | st.dictionaries(st.text(), children),
        max_leaves=5,
    ),
)
def test_no_value_leads_to_another_error(key, value):
    """Any value in any place is read or refused; what is read can be written again."""
    try:
        session = session_json.parse(json.dumps(document() | {key: value}), "tonight.json")
    except SessionError:
        return
    session_json.dump(session)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """The reason is the system's, the way out is ours."""
    name = str(tmp_path / "gone.json")
    with pytest.raises(SessionError) as caught:
        session_json.load_session(name)
    assert str(caught.value) == (
        f"Cannot read session file {name!r}: No such file or directory. {MAKE_ONE}"
    )
    with pytest.raises(SessionError, match=f"{tmp_path.name}'"):
        session_json.load_session(tmp_path)


def test_a_file_that_is_not_text_is_refused(tmp_path):
    """A track given for a session, say."""
    file = tmp_path / "a.json"
    file.write_bytes(b"fLaC\xff\x00")
    with pytest.raises(SessionError, match=r"a\.json' is not text in UTF-8\. Make a session"):
        session_json.load_session(file)


def test_an_endless_file_is_refused_unread(tmp_path, monkeypatch):
    """No more than the limit is ever in memory."""
    text = session_json.dump(SESSION)
    file = tmp_path / "big.json"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(session_json, "SIZE_LIMIT_BYTES", len(text))
    assert session_json.load_session(file) == SESSION
    monkeypatch.setattr(session_json, "SIZE_LIMIT_BYTES", len(text) - 1)
    with pytest.raises(SessionError, match=r"big\.json' is larger than any session"):
        session_json.load_session(file)


CALL = SessionRequest(
    profile="/home/me/mine.toml",
    profile_text='title = "Mine"\n',
    duration_s=3600.0,
    levels=("calm=0.1", "0.3"),
    vocals="strict",
    track_minutes=(2.0, 12.5),
    include=("genre:ambient",),
    avoid=("/music/before.m3u8",),
    pins=("Thaw@2", "/music/caf\udce9.flac"),
    pinned=("5f", "6a"),
    music=("/music",),
    library="/home/me/l.db",
    alternative=2,
    playlist=("/music/a.flac", "/music/b.flac"),
    listed=("5f", "6b"),
    changes=(
        PlanChange("stretch", "peak", -600.0, 30.5),
        PlanChange("jump", "descent", at_s=1930.0),
    ),
    name="Anemone 3",
    within_s=86400.0,
    asked_at="2026-11-20T18:30:00+01:00",
    session="00112233445566ff",
    levelled=True,
)
CHANGES = ("playlist", "listed", "changes")


def called():
    """The document of a session that says how it was made, to be damaged."""
    return json.loads(session_json.dump(replace(SESSION, request=CALL)))


def test_how_a_session_was_made_is_read_back():
    """It stands last, on one line; a session without it has no such key."""
    text = session_json.dump(replace(SESSION, request=CALL))
    assert session_json.parse(text, "s.json") == replace(SESSION, request=CALL)
    assert text.splitlines()[-2].startswith('  "call": {"profile": "/home/me/mine.toml", ')
    assert "call" not in document()
    assert session_json.parse(json.dumps(document() | {"call": None}), "s.json").request is None


@pytest.mark.parametrize("key", list(json.loads(json.dumps(called()["call"]))))
@pytest.mark.parametrize("value", [{}, [[]], -1.5, "\0", "gone\n"])
def test_a_wrong_value_of_a_call_is_named_with_its_place(key, value):
    """Whatever is wrong, it is one line."""
    whole = called()
    whole["call"][key] = value
    if value == "gone\n" and key not in LATER:
        del whole["call"][key]
        assert f"is damaged: call.{key} is missing" in refusal(json.dumps(whole))
    else:
        assert f"is damaged: call.{key}" in refusal(json.dumps(whole))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("library", "l.db", "library must be an absolute path"),
        ("avoid", ["a.m3u8"], "avoid[0] must be an absolute path"),
        ("music", ["../music"], "music[0] must be an absolute path"),
        ("vocals", "loud", "vocals must be one of allow, allow-wordless, exclude, strict,"),
        ("track_minutes", [1], "track_minutes must be two numbers"),
        ("alternative", 10**9, "alternative must be 1 to 20"),
        ("alternative", 0, "alternative must be 1 to 20"),
        ("pinned", ["5f"], "pinned must be as long as pins"),
        ("listed", ["5f"], "listed must be as long as playlist"),
        ("playlist", ["a.flac", "/b.flac"], "playlist[0] must be an absolute path"),
        ("changes", [{"kind": "cut"}], "changes[0].kind must be one of calm, hold, jump, rest"),
        ("changes", [{"kind": "jump", "phase": ""}], "changes[0].phase must be text of 1 to"),
        ("pins", ["x" * 50_000, "y"], "pins[0] must be text of 1 to 40000 characters"),
        ("include", ["x"] * 10_001, "include must be a list of at most 10000"),
        ("profile", "", "profile must be text of 1 to"),
        ("allow_short", 1, "allow_short must be true or false"),
        ("duration_s", 1e400, "holds Infinity"),
    ],
)
def test_a_hostile_call_is_refused(key, value, expected):
    """What it asks for would be opened, or kept in memory."""
    whole = called()
    whole["call"][key] = value
    assert expected in refusal(json.dumps(whole))


def test_a_session_without_a_track_is_refused(tmp_path):
    file = tmp_path / "s.json"
    file.write_text(session_json.dump(replace(SESSION, slots=())), encoding="utf-8")
    with pytest.raises(SessionError, match="slots must be at least one track"):
        session_json.load_session(file)


def test_a_session_of_more_than_a_week_is_refused(tmp_path):
    file = tmp_path / "s.json"
    late = replace(SESSION.slots[0], start_s=9e15, end_s=9e15 + 60)
    file.write_text(session_json.dump(replace(SESSION, slots=(late,))), encoding="utf-8")
    with pytest.raises(
        SessionError, match=r"slots\[0\]\.start_s must be 0 to 907200 s \(a week and a half\)"
    ):
        session_json.load_session(file)


def test_a_document_steps_back_to_the_one_before_it():
    """The kept ones have no kept ones of their own, so that a file grows by one at each change."""
    first = session_json.dump(SESSION)
    second = session_states.dump_with_undo(replace(SESSION, seed=8), first)
    third = session_states.dump_with_undo(replace(SESSION, seed=9), second)
    assert session_json.parse(third, "s.json").seed == 9
    assert [each["seed"] for each in json.loads(third)["earlier"]] == [7, 8]
    back = session_states.undo(third, "s.json")
    assert without_later(back) == second
    assert without_later(session_states.undo(back, "s.json")) == first
    moved = session_states.dump_keeping_undo(replace(SESSION, seed=10), third)
    assert without_later(session_states.undo(moved, "s.json")) == second
    assert session_states.dump_keeping_undo(SESSION, first) == first


def without_later(text):
    whole = json.loads(text)
    return session_json.to_json({key: each for key, each in whole.items() if key != "later"})


def test_what_was_undone_can_be_done_again_until_something_else_is():
    states = [session_json.dump(SESSION)]
    for seed in (8, 9, 10):
        states.append(session_states.dump_with_undo(replace(SESSION, seed=seed), states[-1]))
    text = states[-1]
    for _ in states[1:]:
        text = session_states.undo(text, "s.json")
    assert session_json.parse(text, "s.json") == SESSION
    with pytest.raises(SessionError, match="keeps no earlier state"):
        session_states.undo(text, "s.json")
    for state in states[1:]:
        text = session_states.redo(text, "s.json")
        assert without_later(text) == state
    with pytest.raises(SessionError, match="keeps no later state"):
        session_states.redo(text, "s.json")
    other = session_states.dump_with_undo(
        replace(SESSION, seed=11), session_states.undo(text, "s.json")
    )
    with pytest.raises(SessionError, match="keeps no later state"):
        session_states.redo(other, "s.json")


@pytest.mark.parametrize("earlier", [None, [], 3, {}, [3], [{"version": 1}], [[]]])
def test_a_damaged_earlier_state_is_refused_when_it_is_asked_for(earlier):
    text = session_json.to_json(document() | {"earlier": earlier})
    assert session_json.parse(text, "s.json") == SESSION
    with pytest.raises(SessionError, match=r"earlier state"):
        session_states.undo(text, "s.json")
    with pytest.raises(SessionError, match=r"later state"):
        session_states.redo(text.replace('"earlier"', '"later"'), "s.json")


def test_a_name_needs_a_time():
    whole = called()
    whole["call"]["asked_at"] = ""
    assert "is damaged: call.asked_at must be given" in refusal(json.dumps(whole))
    whole["call"]["asked_at"] = "2026-11-20T18:30:00"  # where in the world?
    assert "is damaged: call.asked_at must be a time" in refusal(json.dumps(whole))
    whole["call"]["asked_at"] = "0001-01-01T00:00:00+00:00"  # of which no past can be told
    assert "is damaged: call.asked_at must be a time" in refusal(json.dumps(whole))


@pytest.mark.parametrize("within_s", [1e11, 1e308, 10**400])
def test_a_past_that_nobody_has_is_refused(within_s):
    document = called()
    document["call"]["within_s"] = within_s
    with pytest.raises(SessionError, match=r"within_s must be|is not a session|cannot|keep"):
        session_json.parse(json.dumps(document), "s.json")


def test_the_part_of_a_track_is_kept_and_a_whole_one_says_nothing():
    part = replace(SLOT, from_s=40.2504, to_s=300.0)
    text = session_json.dump(replace(SESSION, slots=(part,), spares=()))
    [slot] = json.loads(text)["slots"]
    assert (slot["from_s"], slot["to_s"]) == (40.25, 300.0)
    [read] = session_json.parse(text, "s.json").slots
    assert (read.from_s, read.to_s) == (40.25, 300.0)
    assert "from_s" not in json.dumps(document())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"from_s": -1.0}, "slots[0].from_s must be 0 to"),
        ({"to_s": "x"}, "slots[0].to_s must be 0 to"),
        ({"from_s": 40.0, "to_s": 100.0}, "to_s must be at least 240.125, as it plays"),
        ({"from_s": 1.0, "end_s": 0.5}, "end_s must be 1 s after start_s at least"),
    ],
)
def test_a_part_that_cannot_be_is_refused(change, says):
    whole = document()
    whole["slots"][0] |= change
    assert says in refusal(json.dumps(whole))


def test_a_request_says_how_much_may_be_trimmed_only_where_some_may():
    request = SessionRequest("arc", "x")
    for trim_s in (0.0, 60.0):
        text = session_json.dump(replace(SESSION, request=replace(request, trim_s=trim_s)))
        assert ("trim_s" in json.loads(text)["call"]) == bool(trim_s)
        assert session_json.parse(text, "s.json").request.trim_s == trim_s


def test_a_request_that_nobody_can_mean_is_a_damaged_file():
    text = session_json.dump(replace(SESSION, request=CALL))
    wrong = json.loads(text)
    wrong["call"]["track_minutes"] = [15, 2]
    with pytest.raises(SessionError, match=r"is damaged: call\.track_minutes: give the shortest"):
        session_json.parse(json.dumps(wrong), "s.json")
