"""The playlist text: what stands in it, what it refuses, and that no tag can add to it."""

import csv
import io
import json
import ntpath
import posixpath
import unicodedata
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from playlist_builder.errors import ExportError
from playlist_builder.models import Session, Silence, Slot
from playlist_builder.playlists import dialects, entry_paths, formats, session_json
from playlist_builder.playlists import read as playlists

MUSIC = "/home/ada/Music"

SLOT = Slot(
    path=f"{MUSIC}/quiet.flac",
    identity="5f",
    title="Quiet",
    artist="Ada",
    album="Rooms",
    start_s=0.0,
    end_s=200.0,
    phase="calm",
    energy=0.2,
    target=0.25,
)


def session(*slots, tail=(), **changes):
    """A session of `slots`; its numbers do not matter here."""
    whole = Session(
        profile="arc",
        scale="relative",
        target_s=3600.0,
        duration_s=3590.0,
        cost=0.1,
        bound=0.1,
        rms_error=0.05,
        slots=slots,
        tail=tail,
    )
    return replace(whole, **changes)


def slot(path="quiet.flac", **changes):
    """A slot whose path lies in the music folder unless it is absolute."""
    return replace(SLOT, path=posixpath.join(MUSIC, path), **changes)


def m3u8(*slots, folder=MUSIC):
    return formats.render_text(session(*slots), ".m3u8", folder=folder)


def entries(text):
    """The paths of a playlist as MPD and mpv read it: lines end at LF, `#` begins a comment."""
    return [line.strip(" \t\r") for line in text.split("\n") if line and not line.startswith("#")]


def only_entry(path, folder=MUSIC):
    [entry] = entries(m3u8(slot(path), folder=folder))
    return entry


def shown(**tags):
    """What players show for a slot with these tags: what follows the first comma of `#EXTINF`."""
    [line] = [line for line in m3u8(slot(**tags)).split("\n") if line.startswith("#EXTINF:")]
    return line.partition(",")[2]


WHOLE = session(
    slot(),
    slot("勇気/#1 雨.flac", title="雨", artist="", start_s=200.0, end_s=512.6, phase="rise"),
    slot("/srv/nas/a - b.ogg", title="A - B", start_s=512.6, end_s=3590.0, phase="peak"),
    tail=[slot("deep.flac", title="", artist="", start_s=3590.0, end_s=4500.0, phase="calm")],
    seed=7,
)


@pytest.mark.parametrize("suffix", [".m3u8", ".pls", ".xspf", ".jspf", ".csv"])
def test_a_whole_playlist_is_this_text(golden, suffix):
    """What players need, what we say beside it, and where the tail begins."""
    text = formats.render_text(WHOLE, suffix, folder=MUSIC, name="tonight")
    golden(f"tonight{suffix}", text)


def test_the_first_line_is_the_header_alone():
    """MPD wants exactly `#EXTM3U` there, without a byte order mark; the last line ends in LF."""
    text = m3u8(slot())
    assert text.encode().startswith(b"#EXTM3U\n#PLAYLIST:arc\n")
    assert text.endswith("\nquiet.flac\n")
    assert "\r" not in text


@pytest.mark.parametrize(
    ("end_s", "written"),
    [(200.0, 200), (200.4, 200), (200.6, 201), (0.0, -1), (float("nan"), -1), (float("inf"), -1)],
)
def test_a_duration_is_an_integer_with_a_comma_right_behind(end_s, written):
    """MPD and Strawberry read no fraction; -1 says that the length is not known."""
    assert f"\n#EXTINF:{written},Ada - Quiet\n" in m3u8(slot(end_s=end_s))


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({}, "Ada - Quiet"),
        ({"artist": ""}, "Quiet"),
        ({"title": "", "path": "02 dawn.live.flac"}, "Ada - 02 dawn.live"),
        ({"title": "", "artist": "", "path": "\x01.flac"}, ""),
        ({"title": "One - Two", "artist": "A - B"}, "A – B - One – Two"),  # noqa: RUF001
        ({"title": "- Two", "artist": "A -"}, "A – - – Two"),  # noqa: RUF001
        ({"title": "a\n-\nb"}, "Ada - a – b"),  # noqa: RUF001
        ({"title": "well-known --"}, "Ada - well-known --"),
        ({"title": "one\r\n#EXTINF:1,two"}, "Ada - one #EXTINF:1,two"),
        ({"title": "a\u2028b\u2029c\x85d\x0be\x1ff\x7fg\x00h"}, "Ada - a b c d e f g h"),
        ({"title": "\udcff low"}, "Ada - low"),
        ({"title": "\n\t ", "artist": "\r"}, "quiet"),
        ({"title": "雨　夜"}, "Ada - 雨　夜"),
        ({"title": "x" * 200}, "Ada - " + "x" * 200),
        ({"title": "雨" * 161}, "Ada - " + "雨" * 159 + "…"),
        ({"title": "x" * 201}, "Ada - " + "x" * 199 + "…"),
    ],
)
def test_tags_are_shown_as_one_field_each(tags, text):
    """Players split the artist from the title at the first ` - `, so neither may hold one."""
    assert shown(**tags) == text


def test_no_line_is_longer_than_players_read():
    """MPD 0.23 cuts a line at 4096 bytes, Kodi at 1023, and takes the rest for an entry."""
    long = "\N{GRINNING FACE}" * 10_000
    text = formats.render_text(
        session(slot(title=long, artist=long, phase=long), profile=long),
        ".m3u8",
        folder=MUSIC,
        name=long,
    )
    assert max(len(line.encode()) for line in text.split("\n")) < 1023


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("a/b c.flac", "a/b c.flac"),
        ("-dash.flac", "-dash.flac"),
        ("100%20%.flac", "100%20%.flac"),
        ("a+b&c.flac", "a+b&c.flac"),
        ("back\\slash.flac", "back\\slash.flac"),
        ("..dots.flac", "..dots.flac"),
        ("in/C# minor: why?.flac", "in/C# minor: why?.flac"),
        ("#1.flac", "./#1.flac"),
        ("#1/a.flac", "./#1/a.flac"),
        (" a.flac", "./ a.flac"),
        ("\ta.flac", "./\ta.flac"),
        ("\u3000a.flac", "./\u3000a.flac"),
        ("?a.flac", "./?a.flac"),
        ("http:/x.flac", "./http:/x.flac"),
        ("Suite: one.flac", "./Suite: one.flac"),
        ("/home/ada/else.flac", "../else.flac"),
        ("/srv/#1.flac", "../../../srv/#1.flac"),
    ],
)
def test_an_entry_is_the_path_as_seen_from_the_playlist(path, entry):
    """`./` stands only where the bare name would be a comment, be trimmed, or be a URI to VLC."""
    assert only_entry(path) == entry


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_entry_keeps_the_normal_form_of_the_name_on_disk(form):
    """A name in another normal form is another file on Linux."""
    name = unicodedata.normalize(form, "ガーデン é.flac")
    assert only_entry(name) == name


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("C:\\Music\\calm\\a.flac", "calm/a.flac"),
        ("C:\\Other\\a.flac", "../Other/a.flac"),
        ("D:\\Music\\a.flac", "D:/Music/a.flac"),
        ("\\\\nas\\music\\#a.flac", "//nas/music/#a.flac"),
    ],
)
def test_a_path_of_windows_is_written_with_slashes(path, entry):
    """Where no relative path exists, on another drive or share, it is written whole."""
    there = session(replace(SLOT, path=path))
    text = formats.FORMATS[".m3u8"](there, formats.Destination("C:\\Music", flavour=ntpath))
    assert entries(text) == [entry]
    assert "#EXTINF:200,Ada - Quiet\n" in text


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a\nb.flac", "its name holds a line break"),
        ("a\rb.flac", "its name holds a line break"),
        ("a.flac\n", "its name holds a line break"),
        ("a.flac ", "its name ends with white space"),
        ("a.flac\t", "its name ends with white space"),
        ("a.flac\x85", "its name ends with white space"),
        ("a.flac\x01", "its name ends with white space"),
        ("caf\udce9.flac", "its name is not valid UTF-8"),
    ],
)
def test_a_name_that_m3u_cannot_hold_is_refused_by_name(path, reason):
    """The line names the file, safely printed, says why, and what to do."""
    assert entry_paths.unsupported_reason(path) == reason
    with pytest.raises(ExportError) as caught:
        m3u8(slot(), slot(path))
    message = str(caught.value)
    assert f"{f'{MUSIC}/{path}'!r}: {reason}." in message
    assert message.endswith("Rename the file and scan again, or write the session as .xspf")
    assert message.isprintable()


def test_a_folder_above_the_playlist_may_have_any_name():
    """Only what stands in the playlist must be held by it."""
    assert only_entry("/mnt/caf\udce9/a.flac", folder="/mnt/caf\udce9") == "a.flac"


NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=())
    | st.sampled_from(" #\n\r\t-%:?"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
TAGS = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\n\r -#\u2028\x85"), max_size=30
)


LOCATIONS = [".m3u8", ".m3u", ".pls", ".xspf", ".jspf"]
UTF8 = replace(dialects.ANY, codepage="utf-8")


def locations(data, suffix, dialect=dialects.ANY):
    """What stands for each track; by our own reader, where it reads the format."""
    if suffix == ".jspf":
        tracks = json.loads(data)["playlist"]["track"]
        return [track["location"][0] for track in tracks]
    if suffix == ".csv":
        return [row["path"] for row in csv.DictReader(io.StringIO(data.decode(), newline=""))]
    if suffix == ".m3u":
        data = data.decode(dialect.codepage).encode()  # the reader cannot know the codepage
    return [entry.location for entry in playlists.parse(data, f"tonight{suffix}")]


def read_back(data, suffix, dialect=dialects.ANY):
    """The paths that a player takes the locations for: URIs are decoded, and nothing else is."""
    paths = []
    for location in locations(data, suffix, dialect):
        path = location
        if suffix in dialect.uris | {".jspf"} or path.startswith("file://"):
            path = unquote(path.removeprefix("file://"), errors="surrogateescape")
        if dialect.backslashes:
            path = path.replace("\\", "/")
        paths.append(posixpath.normpath(posixpath.join(MUSIC, path)))
    return paths


@given(st.lists(PATHS, max_size=5), st.lists(NAMES, max_size=3).map("/".join))
def test_a_playlist_reads_back_as_the_same_paths(paths, below):
    """Whatever the names, every player that joins folder and entry finds the same files."""
    held = [path for path in paths if entry_paths.unsupported_reason(path) is None]
    folder = posixpath.join(MUSIC, below)
    slots = [slot(path) for path in held]
    text = m3u8(*slots, folder=folder)
    read = [posixpath.normpath(posixpath.join(folder, entry)) for entry in entries(text)]
    assert read == [each.path for each in slots]
    text.encode()


@given(TAGS, TAGS, TAGS, TAGS)
def test_no_tag_adds_a_line(title, artist, phase, name):
    """One slot is one entry, and every other line is a comment, whichever line ends are known."""
    whole = session(slot(title=title, artist=artist, phase=phase), profile=phase)
    text = formats.render_text(whole, ".m3u8", folder=MUSIC, name=name)
    lines = text.splitlines()
    assert lines == text.removesuffix("\n").split("\n")
    assert [line.partition(":")[0] for line in lines if line.startswith("#EXT")] == [
        "#EXTM3U",
        "#EXTINF",
    ]
    assert [line for line in lines if not line.startswith("#")] == ["quiet.flac"]
    assert lines[4].startswith("#EXTINF:200,")
    assert lines[4].partition(",")[2].count(" - ") <= 1


@pytest.mark.parametrize("suffix", LOCATIONS)
@given(
    slots=st.lists(
        st.builds(slot, PATHS, title=TAGS, artist=TAGS, phase=TAGS), min_size=1, max_size=5
    )
)
@example(slots=[slot("%41.flac"), slot("new\nline"), slot("caf\udce9"), slot("\x85\ufffe+&'")])
def test_every_format_reads_back_as_the_same_paths(suffix, slots):
    """In order, by our own reader, whatever the names and the tags; the tail comes last."""
    held = [
        each for each in slots if entry_paths.unsupported_reason(each.path, suffix, UTF8) is None
    ]
    assume(held)
    whole = session(*held[:2], tail=held[2:])
    try:
        data = formats.render_bytes(whole, suffix, folder=MUSIC, dialect=UTF8)
    except ExportError as error:
        assert "is not text" in str(error)  # a surrogate that stands for no byte
        return
    assert read_back(data, suffix, UTF8) == [each.path for each in held]
    for each, location in zip(held, locations(data, suffix, UTF8), strict=True):
        there = {each.path}.__contains__
        entry = playlists.Entry(location)
        assert playlists.resolve_all([entry], MUSIC, there) == ([each.path], [])


@pytest.mark.parametrize("player", dialects.PLAYERS)
@given(paths=st.lists(PATHS, max_size=3))
def test_every_dialect_reads_back_as_the_same_paths_or_refuses(player, paths):
    """A backslash on the way to a Windows player is a slash there."""
    dialect = dialects.PLAYERS[player]
    for suffix in dialect.suffixes:
        for path in paths:
            try:
                data = formats.render_bytes(
                    session(slot(path)), suffix, folder=MUSIC, dialect=dialect
                )
            except ExportError as error:
                assert str(error).isprintable()
            else:
                assert read_back(data, suffix, dialect) == [slot(path).path]


@pytest.mark.parametrize("suffix", [*LOCATIONS, ".csv"])
@given(text=TAGS)
@example(text="</title></track><track><location>x</location>")
@example(text="\n#EXTINF:1,x\r\nFile9=x\n../x")
@example(text='"]},{"location":["x"]')
@example(text="\x00\x1b\ufffe\ud800" + "x" * 10_000)
@example(text='=HYPERLINK("http://x")')
def test_no_tag_adds_an_entry_or_makes_a_text_long(suffix, text):
    """Titles, artists, albums, phases and names stay what they are."""
    hostile = slot(title=text, artist=text, album=text, phase=text)
    whole = session(hostile, tail=[hostile], profile=text)
    data = formats.render_bytes(whole, suffix, folder=MUSIC, name=text, dialect=UTF8)
    assert read_back(data, suffix, UTF8) == [f"{MUSIC}/quiet.flac"] * 2
    assert len(data) < 30_000


def test_m3u_is_in_its_codepage_and_shows_what_fits():
    """The path must fit; of what is only shown, a `?` is enough."""
    whole = session(slot("café.flac", title="雨 é"))
    assert formats.render_bytes(whole, ".m3u", folder=MUSIC).splitlines()[-2:] == [
        b"#EXTINF:200,Ada - ? \xe9",
        b"caf\xe9.flac",
    ]
    japanese = replace(dialects.ANY, codepage="shift_jis")
    whole = session(slot("雨.flac", title="é"))
    assert formats.render_bytes(whole, ".m3u", folder=MUSIC, dialect=japanese).splitlines()[
        -2:
    ] == [
        b"#EXTINF:200,Ada - ?",
        "雨.flac".encode("shift_jis"),
    ]


def test_what_does_not_fit_the_codepage_is_refused_by_name():
    with pytest.raises(ExportError) as caught:
        formats.render_text(session(slot(), slot("雨.flac")), ".m3u", folder=MUSIC)
    assert str(caught.value) == (
        f"An M3U playlist cannot hold '{MUSIC}/雨.flac': its name does not fit the codepage cp1252."
        " Write the session as .m3u8, or choose another codepage"
    )


def test_the_extensions_tell_phases_starts_and_the_tail():
    """In XSPF and JSPF alike, and for other programs to read."""
    told = [
        ("plan", "calm", "0"),
        ("plan", "rise", "200000"),
        ("plan", "peak", "512600"),
        ("tail", "calm", "3590000"),
    ]
    root = ET.fromstring(formats.render_text(WHOLE, ".xspf", folder=MUSIC))  # noqa: S314 - our own
    slots = list(root.iter(f"{{{formats.APPLICATION}}}slot"))
    assert [(e.get("part"), e.get("phase"), e.get("start_ms")) for e in slots] == told
    tracks = json.loads(formats.render_text(WHOLE, ".jspf", folder=MUSIC))["playlist"]["track"]
    found = [track["extension"][formats.APPLICATION][0] for track in tracks]
    assert [(e["part"], e["phase"], str(e["start_ms"])) for e in found] == told


@pytest.mark.parametrize("suffix", [".xspf", ".jspf", ".csv", ".pls"])
def test_a_length_that_is_not_known_is_left_out(suffix):
    """PLS says -1 for it."""
    text = formats.render_text(session(slot(end_s=float("nan"))), suffix, folder=MUSIC)
    assert "nan" not in text.lower()
    assert "duration>" not in text
    assert '"duration"' not in text
    assert ("Length1=-1" in text) == (suffix == ".pls")


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("＝1", "'＝1"),  # noqa: RUF001 - calculated where signs are wide
        ("a=1", "a=1"),
        ('say "a", b', 'say "a", b'),
    ],
)
def test_no_cell_is_a_formula(title, cell):
    """A spreadsheet that opens the table calculates nothing."""
    [row] = csv.DictReader(
        io.StringIO(formats.render_text(session(slot(title=title)), ".csv", folder=MUSIC))
    )
    assert row["title"] == cell


def test_a_path_in_the_table_is_no_formula_and_still_the_path():
    [row] = csv.DictReader(
        io.StringIO(formats.render_text(session(slot("-=1.flac")), ".csv", folder=MUSIC))
    )
    assert row["path"] == "./-=1.flac"


@pytest.mark.parametrize(("path", "suffix"), [("a/tonight.m3u8", ".m3u8"), ("T.JSON", ".json")])
def test_the_format_follows_the_suffix(path, suffix):
    """Capital letters are the same suffix."""
    assert formats.format_of(path) == suffix


@pytest.mark.parametrize("path", ["tonight.mp3", "tonight", "m3u8", "a.m3u8/b"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(path):
    """The line ends in what to do."""
    with pytest.raises(ExportError) as caught:
        formats.format_of(path)
    ends = "Let it end in .m3u8, .m3u, .pls, .xspf, .jspf, .csv or .json"
    assert str(caught.value) == f"No format is known for {path!r}. {ends}"


def test_each_format_is_rendered_by_its_own_function():
    """The shell needs only the suffix and the folder."""
    whole = session(slot())
    text = formats.render_text(whole, ".m3u8", folder="/home/ada", name="evening")
    assert text == formats.render_text(whole, ".m3u8", folder="/home/ada", name="evening")
    assert entries(text) == [str(PurePosixPath("Music/quiet.flac"))]
    assert formats.render_text(whole, ".json", folder="/") == session_json.dump(whole)


PARTS = (slot(from_s=40.25, to_s=240.25), slot("b.flac", from_s=20.0), slot("c.flac"))


@pytest.mark.parametrize("suffix", [".m3u8", ".m3u", ".pls", ".xspf", ".jspf"])
@pytest.mark.parametrize("player", ["", *dialects.PLAYERS])
def test_a_playlist_that_plays_whole_tracks_holds_no_part(suffix, player):
    dialect = dialects.PLAYERS.get(player, dialects.ANY)
    if suffix in dialect.parts_in:
        return
    whole = session(PARTS[2])
    with pytest.raises(ExportError) as caught:
        formats.render_text(session(*PARTS), suffix, folder=MUSIC, dialect=dialect)
    assert "plays whole tracks, and 2 of this session are trimmed" in str(caught.value)
    assert "'render', by 'copy', and by 'export --player vlc'" in str(caught.value)
    assert formats.render_text(whole, suffix, folder=MUSIC, dialect=dialect)


def test_vlc_plays_parts_by_its_options_in_m3u():
    vlc = dialects.PLAYERS["vlc"]
    text = formats.render_text(session(*PARTS), ".m3u8", folder=MUSIC, dialect=vlc)
    options = [line for line in text.splitlines() if line.startswith("#EXTVLCOPT")]
    assert options == [
        "#EXTVLCOPT:start-time=40.250",
        "#EXTVLCOPT:stop-time=240.250",
        "#EXTVLCOPT:start-time=20.000",
    ]
    lines = text.splitlines()
    assert lines[lines.index(options[2]) + 1] == "b.flac"
    assert entries(text) == ["quiet.flac", "b.flac", "c.flac"]


def test_vlc_plays_parts_by_its_options_in_xspf():
    vlc = dialects.PLAYERS["vlc"]
    text = formats.render_text(session(*PARTS), ".xspf", folder=MUSIC, dialect=vlc)
    spaces = {"x": "http://xspf.org/ns/0/", "vlc": formats.VLC_NAMES}
    tracks = ET.fromstring(text).findall("x:trackList/x:track", spaces)  # noqa: S314 - our own
    path = f"x:extension[@application='{formats.VLC}']/vlc:option"
    options = [[each.text for each in track.findall(path, spaces)] for track in tracks]
    assert options == [
        ["start-time=40.250", "stop-time=240.250"],
        ["start-time=20.000"],
        [],
    ]
    assert "vlc" not in formats.render_text(session(PARTS[2]), ".xspf", folder=MUSIC, dialect=vlc)


def test_a_table_tells_the_parts_of_tracks_where_there_are_any():
    rows = list(
        csv.DictReader(io.StringIO(formats.render_text(session(*PARTS), ".csv", folder=MUSIC)))
    )
    assert [(row["from_s"], row["to_s"]) for row in rows] == [
        ("40.25", "240.25"),
        ("20.0", ""),
        ("", ""),
    ]
    whole = formats.render_text(session(PARTS[2]), ".csv", folder=MUSIC)
    assert "from_s" not in whole


def silent():
    """A session of two tracks and a tail, with a silence behind the first and the second."""
    times = (("one.flac", 0.0), ("two.flac", 320.0), ("three.flac", 590.0))
    slots = [slot(path, start_s=s, end_s=s + 200.0) for path, s in times]
    silences = (Silence(200.0, 320.0, "calm"), Silence(520.0, 590.0, "calm"))
    return session(*slots[:2], tail=tuple(slots[2:]), silences=silences)


def test_a_planned_silence_is_a_row_of_the_table_that_plays_nothing():
    text = formats.render_text(silent(), ".csv", folder=MUSIC)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["place"], row["part"]) for row in rows] == [
        *(("1", "plan"), ("", "silence"), ("2", "plan"), ("", "silence"), ("3", "tail"))
    ]
    assert [row["start_s"] for row in rows] == ["0.0", "200.0", "320.0", "520.0", "590.0"]
    silence = {key: value for key, value in rows[1].items() if value}
    assert silence == {
        "part": "silence",
        "phase": "calm",
        "start_s": "200.0",
        "duration_s": "120.0",
    }


@pytest.mark.parametrize("suffix", [".m3u8", ".m3u"])
def test_a_planned_silence_is_a_comment_where_it_would_be(suffix):
    lines = formats.render_text(silent(), suffix, folder=MUSIC).splitlines()
    place = lines.index("# 0:03:20 silence, 2:00: pause by hand")
    assert lines[place - 1] == "one.flac"
    assert lines.index("# 0:08:40 silence, 1:10: pause by hand") == lines.index("two.flac") + 1
    whole = [line for line in lines if "pause by hand" not in line]
    bare = replace(silent(), silences=())
    assert whole == formats.render_text(bare, suffix, folder=MUSIC).splitlines()
