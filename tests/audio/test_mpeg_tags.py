"""Whole MP3s are read whatever tags stand in them; their length is that of their own header."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.audio import contents, decode, mpeg_tags
from playlist_builder.errors import AudioError
from tests.support.headers import ape, encoded, id3, id3v1, junk

SECONDS = 3.0
COVER = junk(60_000)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """MP3s without tags: one that counts its frames, one that does not, and one of VBR."""
    folder = tmp_path_factory.mktemp("mp3")

    def made(name, **options):
        options = {"id3v2_version": 0} | options
        form = {"layout": "mono", "rate_hz": 16000, "seconds": SECONDS}
        return encoded(folder / f"{name}.mp3", "libmp3lame", **form, **options)

    return {"counted": made("a"), "bare": made("b", write_xing=0)}


TAGGED = {
    "a large APE tag behind": lambda music: music + ape(COVER),
    "one without a header": lambda music: music + ape(COVER, header=False),
    "APE and ID3v1 behind": lambda music: music + ape(COVER) + id3v1(),
    "an APE tag in front": lambda music: ape(COVER) + music,
    "ID3 and APE in front": lambda music: id3(COVER) + ape(COVER) + music,
    "two ID3 tags": lambda music: id3(COVER) + id3(COVER) + music,
    "four ID3 tags": lambda music: id3(COVER) * 4 + music,
    "an ID3 tag behind": lambda music: music + id3(COVER),
    "all of them behind": lambda music: music + id3(COVER) + ape(COVER) + id3v1(),
    "Info in a tag": lambda music: id3() + ape(text=b"Info about this, and Xing") + music,
    "gains alone": lambda music: music + ape(),
}


def played(folder, data):
    path = folder / "a.mp3"
    path.write_bytes(data)
    with decode.AudioFile(str(path)) as file:
        seconds = sum(block.shape[1] for block in file.blocks()) / file.layout.sample_rate_hz
        return seconds, file.identity


@pytest.mark.parametrize("kind", ["counted", "bare"])
@pytest.mark.parametrize("name", TAGGED)
def test_tags_anywhere_change_neither_length_nor_identity(music, tmp_path, kind, name):
    seconds, identity = played(tmp_path, TAGGED[name](music[kind]))
    assert seconds == pytest.approx(SECONDS, abs=0.2)
    assert identity == played(tmp_path, music[kind])[1]


@pytest.mark.parametrize("first", ["counted", "bare"])
@pytest.mark.parametrize("second", ["counted", "bare"])
@pytest.mark.parametrize("between", [b"", id3v1(), id3(COVER), ape(COVER), id3v1() + id3(COVER)])
def test_joined_files_are_one_piece(music, tmp_path, first, second, between):
    data = id3() + music[first] + between + music[second]
    assert played(tmp_path, data)[0] == pytest.approx(2 * SECONDS, abs=0.4)


@pytest.mark.parametrize("kind", ["counted", "bare"])
def test_junk_behind_the_music_is_no_damage(music, tmp_path, kind):
    for tail in (bytes(100_000), COVER):
        assert played(tmp_path, music[kind] + tail)[0] == pytest.approx(SECONDS, abs=0.2)


def test_one_that_is_cut_short_is_told_by_its_own_count(music, tmp_path):
    half = music["counted"][: len(music["counted"]) // 3]
    for data in (half, half + ape(COVER), id3(COVER) * 2 + half, half + COVER):
        with pytest.raises(AudioError, match=r"cut short|damaged"):
            played(tmp_path, data)


def test_a_length_in_a_tag_is_none(music):
    assert mpeg_tags.stated_s(music["counted"][:4096]) == pytest.approx(SECONDS, abs=0.2)
    assert mpeg_tags.stated_s(music["bare"][:4096]) is None
    assert mpeg_tags.stated_s(b"Xing\0\0\0\x01\0\0\xff\xff" + music["bare"][:4000]) is None


def test_lame_and_fraunhofer_count_frames():
    first = b"\xff\xfb\x90\x00" + bytes(32)
    xing = first + b"Xing\0\0\0\1" + (1000).to_bytes(4, "big") + bytes(400)
    vbri = first + b"VBRI" + bytes(10) + (1000).to_bytes(4, "big") + bytes(400)
    half_rate_mono = b"\xff\xf3\x90\xc0" + bytes(9) + xing[36:]
    for head in (xing, bytes(3000) + xing, vbri):
        assert mpeg_tags.stated_s(head) == 1000 * 1152 / 44100
    assert mpeg_tags.stated_s(half_rate_mono) == 1000 * 576 / 22050


def test_music_without_other_tags_is_read_as_it_lies(music, tmp_path):
    path = tmp_path / "a.mp3"
    for data in (music["counted"], id3(COVER) + music["bare"] + ape() + id3v1()):
        path.write_bytes(data)
        assert contents.look_into(str(path)).parts == ()


def test_a_tag_that_lies_about_its_length_hides_no_music(music, tmp_path):
    """Such a tag, or what looks like one, does not end where music, a tag or the end is."""
    whole = music["bare"]
    liar = bytearray(id3(COVER))
    liar[6:10] = b"\0\3\x55\x55"
    for data in (
        whole + bytes(liar[:100]) + whole,
        whole + b"APETAGEX\xd0\7\0\0" + b"\x7f" * 20 + whole,
    ):
        assert played(tmp_path, data)[0] == pytest.approx(2 * SECONDS, abs=0.4)


@given(
    st.lists(
        st.sampled_from([id3(b"abc"), ape(b"abc"), id3v1(), b"\xff\xfb\x90\0", b"ID3", junk(40)])
    )
)
def test_spans_lie_within_the_file_in_order(pieces):
    data = b"".join(pieces)
    file = io.BytesIO(data)
    spans = mpeg_tags.music_spans(file, mpeg_tags.leading_bytes(file, len(data)), len(data))
    edges = [edge for span in spans for edge in (span.start, span.stop)]
    assert edges == sorted(edges)
    assert all(len(span) > 0 for span in spans)
    assert not edges or edges[-1] <= len(data)
