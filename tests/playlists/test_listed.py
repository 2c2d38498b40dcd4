"""Lists of works: what ours say is read back, what others write is met, what is wrong is a line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import PlaylistError
from playlist_builder.models import STYLE_SIZE, Session, Slot, Work
from playlist_builder.playlists import formats, listed, session_json
from playlist_builder.playlists.dialects import WORKS
from playlist_builder.tracks.works import style_text
from tests.support.documents import in_turn

RECORDING, OTHER = "b1a9c0e9-d987-4042-ae91-78d6a3267d69", "0c6f0f3e-5d5e-4b6f-9a55-6f2f1b0e7a01"
WORK = Work(
    recording_id=RECORDING,
    release_id=OTHER,
    artist_ids=(OTHER,),
    isrc="USAT20105338",
    energy=0.25,
    contour=(0.1, 0.2, 0.3, 0.4),
    style=style_text(np.linspace(-1.0, 1.0, STYLE_SIZE, dtype=np.float32)),
)
SLOT = Slot(
    *("/home/ada/Music/a.flac", "5f", "Rain & <Sun>", "Ada", "Rooms", 0.0, 200.0, "calm"),
    energy=0.2,
    target=0.25,
    tension=0.31,
    work=WORK,
)
SESSION = Session("ketamine-iv", "absolute", 400.0, 400.0, 0.1, 0.1, 0.05, (SLOT,), (SLOT,))


def written(suffix, session=SESSION, **settings):
    settings = {"folder": "/home/ada", "name": "t", "dialect": WORKS} | settings
    return formats.render_text(session, suffix, **settings)


@pytest.mark.parametrize("suffix", [".jspf", ".xspf", ".csv"])
def test_a_list_without_files_tells_all_of_its_works_and_nothing_of_the_disk(suffix):
    text = written(suffix)
    assert "Music" not in text
    assert "location" not in text
    found = listed.parse(text.encode(), f"t{suffix}")
    work, tail = found.works
    assert (work.title, work.artist, work.album) == ("Rain & <Sun>", "Ada", "Rooms")
    assert (work.duration_s, work.tension, work.location) == (200.0, 0.31, "")
    assert work.work == replace(WORK, release_id="", artist_ids=())
    assert [work.is_tail, tail.is_tail] == [False, True]
    if suffix != ".csv":
        assert (found.profile, found.scale, work.energy) == ("ketamine-iv", "absolute", 0.2)


def test_a_session_file_keeps_what_is_known_of_works_and_older_ones_have_none():
    whole = in_turn(SESSION)
    text = session_json.dump(whole)
    assert session_json.parse(text, "s.json") == whole
    document = json.loads(text)
    for slot in (*document["slots"], *document["tail"]):
        assert slot.pop("work")["isrc"] == "USAT20105338"
    older = session_json.parse(json.dumps(document), "s.json")
    assert [slot.work for slot in (*older.slots, *older.tail)] == [None, None]


def test_ids_and_notes_stand_where_other_programs_look_for_them():
    (track, _) = json.loads(written(".jspf"))["playlist"]["track"]
    assert track["identifier"] == [f"https://musicbrainz.org/recording/{RECORDING}"]
    assert track["annotation"] == "energy 0.20, tension 0.31"
    assert track["extension"]["https://musicbrainz.org/doc/jspf#track"] == {
        "artist_identifiers": [f"https://musicbrainz.org/artist/{OTHER}"],
        "release_identifier": f"https://musicbrainz.org/release/{OTHER}",
        "additional_metadata": {"isrc": "USAT20105338"},
    }
    text = written(".xspf")
    assert f"<identifier>https://musicbrainz.org/recording/{RECORDING}</identifier>" in text
    assert "<annotation>energy 0.20, tension 0.31</annotation>" in text
    assert f"<identifier>https://musicbrainz.org/artist/{OTHER}</identifier>" in text
    assert "# 0:00:00 calm, energy 0.20, tension 0.31" in formats.render_text(
        SESSION, ".m3u8", folder="/home/ada"
    )


@pytest.mark.parametrize(
    "identifier", [f"https://musicbrainz.org/recording/{RECORDING}", RECORDING]
)
def test_jspf_of_others_has_texts_in_place_of_lists(identifier):
    track = {"title": "A", "creator": "B", "identifier": identifier, "duration": 3000}
    data = json.dumps({"playlist": {"track": [track, {"title": 3, "identifier": [7]}]}}).encode()
    first, second = listed.parse(data, "a.jspf").works
    assert (first.name, first.duration_s, first.work.recording_id) == ("B - A", 3.0, RECORDING)
    assert (second.title, second.work) == ("3", Work())


def test_a_table_of_another_program_is_read_by_its_usual_names():
    text = "\ufeff#;Track Name;Artist Name(s);Duration (ms);ISRC\n"
    text += "1;Ah!;Popol Vuh;286000;DEA450524210\n"
    (work,) = listed.parse(text.encode(), "spotify.csv").works
    assert (work.name, work.duration_s) == ("Popol Vuh - Ah!", 286.0)
    assert work.work.isrc == "DEA450524210"


def test_m3u_tells_artist_title_and_length():
    (one, two) = listed.parse(
        b"#EXTINF:300,Ada - Rain - Part 1\na.mp3\n01 - Sun.mp3\n", "a.m3u"
    ).works
    assert (one.artist, one.title, one.duration_s) == ("Ada", "Rain - Part 1", 300.0)
    assert (two.artist, two.title, two.duration_s) == ("", "Sun", None)


def test_what_is_not_sound_in_a_field_is_not_known():
    own = {"absolute_energy": 7, "contour": [0.1, 2, 3], "style": "!", "tension": "x", "isrc": "1"}
    track = {"title": "A", "extension": {formats.APPLICATION: [own]}, "duration": -3}
    data = json.dumps({"playlist": {"track": [track]}}).encode()
    (work,) = listed.parse(data, "a.jspf").works
    assert (work.work, work.tension, work.duration_s) == (Work(), None, None)


WRONG = [
    ("a.jspf", b'{"playlist": {"track": [{]}}', "not sound JSON (line 1, column 26)"),
    ("a.jspf", b"[" * 100_000, "nested too deeply"),
    ("a.jspf", b"[]", "no object 'playlist'"),
    ("a.jspf", b'{"playlist": 3}', "no object 'playlist'"),
    ("a.jspf", b'{"playlist": {"track": [3]}}', "no list of objects"),
    ("a.jspf", b'{"playlist": {"track": []}}', "holds no entry"),
    ("a.jspf", b'{"playlist": {"track": [{"duration": NaN}]}}', "number that JSON does not have"),
    ("a.jspf", b'{"playlist": {"track": [{"duration": 1' + b"0" * 5000 + b"}]}}", "does not have"),
    ("a.jspf", b"\xff\xfe{}", "not text in UTF-8"),
    ("a.jspf", b'{"playlist": {"track": [{"album": "A"}]}}', "no title, no id"),
    ("a.xspf", b"<a>" * 60, "nested too deeply"),
    ("a.xspf", b"<playlist><trackList/></playlist>", "holds no entry"),
    ("a.csv", b"a,b\n1,2\n", "no column of titles"),
    ("a.csv", b"title\n", "holds no entry"),
    ("a.csv", b'title\n"' + b"x" * 200_000, "is damaged"),
    ("a.csv", b"", "no column of titles"),
    ("a.csv", b"title\n" + b"x\n" * 100_000, "lists 100000 works"),
    ("a.m3u", b"#EXTINF:3,A - B\na.mp3\n" * 1001, "lists 1001 works"),
    ("a.txt2", b"x", "no playlist that is known"),
]


@pytest.mark.parametrize(("name", "data", "told"), WRONG)
def test_a_list_that_is_none_is_one_line(tmp_path, name, data, told):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PlaylistError) as refused:
        listed.read_list(tmp_path / name)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


VALUES = st.none() | st.floats() | st.text(max_size=3)
FIELDS = st.dictionaries(st.sampled_from([formats.APPLICATION, "absolute_energy", "style"]), VALUES)
TRACKS = st.fixed_dictionaries(
    {}, optional={"title": VALUES, "duration": VALUES, "location": VALUES, "extension": FIELDS}
)


@given(st.lists(TRACKS, max_size=2))
def test_any_json_is_a_list_or_one_line(tracks):
    data = json.dumps({"playlist": {"track": tracks}}).encode()
    try:
        assert len(listed.parse(data, "a.jspf").works) == len(tracks)
    except PlaylistError as error:
        assert "\n" not in str(error)
