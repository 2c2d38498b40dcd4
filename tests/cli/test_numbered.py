"""Files that the user did not name are replaced only where they are ours."""

from dataclasses import replace

import pytest

from playlist_builder.cli.numbered import check_unnamed, marked, numbered, unnamed
from playlist_builder.errors import ExportError
from playlist_builder.models import Session, Slot
from playlist_builder.playlists import formats, read, session_json, session_states
from playlist_builder.session_request import SessionRequest

SLOT = Slot("/m/1.flac", "1", "One", "Ada", "", 0.0, 60.0, "calm", 0.2, 0.2, (0.2,), -20.0, "none")
ALONE = SessionRequest("arc", "[curve]")
PERSON = SessionRequest("arc", "[curve]", name="A7", asked_at="2026-01-01T00:00:00+00:00")


def session(request):
    return Session("arc", "relative", 60.0, 60.0, 0.1, 0.1, 0.1, (SLOT,), (), request=request)


def test_the_user_names_the_first_of_alternatives_and_none_of_a_series():
    outputs = ["s.m3u8", "-"]
    files = [outputs, numbered(outputs, 2)]
    assert unnamed(outputs, files) == {"s-2.m3u8": 2}
    files = [numbered(outputs, 1), numbered(outputs, 2)]
    assert unnamed(outputs, files) == {"s-1.m3u8": 1, "s-2.m3u8": 2}


@pytest.mark.parametrize("suffix", [".m3u8", ".m3u", ".pls", ".xspf"])
def test_a_playlist_is_known_by_its_comment_and_read_as_before(tmp_path, suffix):
    file = tmp_path / f"s-2{suffix}"
    plain = formats.render_bytes(session(ALONE), suffix, folder="/m")
    file.write_bytes(marked(plain, str(file)))
    check_unnamed({str(file): 2}, ALONE)
    assert read.parse(file.read_bytes(), file.name) == read.parse(plain, file.name)
    for other in (plain, file.read_bytes() + b"\n", b""):
        file.write_bytes(other)
        with pytest.raises(ExportError, match="is not what playlist-builder wrote"):
            check_unnamed({str(file): 2}, ALONE)


@pytest.mark.parametrize(
    ("there", "request_", "is_ours"),
    [
        ({"alternative": 2}, ALONE, True),
        ({"alternative": 1}, ALONE, False),
        ({"name": "A7", "asked_at": PERSON.asked_at, "session": "ab" * 8}, PERSON, True),
        ({"name": "B2", "asked_at": PERSON.asked_at, "session": "ab" * 8}, PERSON, False),
    ],
)
def test_a_session_file_is_ours_where_it_is_such_a_session(tmp_path, there, request_, is_ours):
    file = tmp_path / "s-2.json"
    text = session_json.dump(session(replace(ALONE, **there)))
    file.write_text(text, encoding="utf-8")
    if is_ours:
        check_unnamed({str(file): 2}, request_)
        before = session_states.dump_with_undo(session_json.load_session(file), text)
        file.write_text(before, encoding="utf-8")
    with pytest.raises(ExportError):
        check_unnamed({str(file): 2}, request_)


@pytest.mark.parametrize("name", ["s-2.csv", "s-2.jspf", "s-2.json", "s-2.m3u8"])
def test_what_is_no_session_of_ours_stays(tmp_path, name):
    file = tmp_path / name
    check_unnamed({str(file): 2}, ALONE)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(ExportError, match="Move it away"):
        check_unnamed({str(file): 2}, ALONE)
    file.unlink()
    file.symlink_to("nowhere")
    with pytest.raises(ExportError):
        check_unnamed({str(file): 2}, ALONE)
