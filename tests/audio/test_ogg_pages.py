"""Ogg files that players play are read; what is chained of different kinds says so."""

import io

import pytest

from playlist_builder.audio import decode, ogg_pages
from playlist_builder.errors import AudioError
from tests.support.headers import encoded, id3, junk, ogg_file
from tests.support.headers import ogg_pages as pages_of


@pytest.fixture(scope="module")
def vorbis(tmp_path_factory):
    return encoded(tmp_path_factory.mktemp("ogg") / "a.ogg", "vorbis", serial_offset=1)


def played(folder, data):
    path = folder / "a.ogg"
    path.write_bytes(data)
    with decode.AudioFile(str(path)) as file:
        count = sum(block.shape[1] for block in file.blocks())
        return count, file.identity


def laced(packet):
    return bytes([255] * (len(packet) // 255) + [len(packet) % 255])


def headers_of(data):
    """Return the three first packets of a Vorbis file, and its pages of sound."""
    pages, packets, held = pages_of(data), [], b""
    for number, (_, lacing, body) in enumerate(pages):
        at = 0
        for length in lacing:
            held += body[at : at + length]
            at += length
            if length < 255:
                packets.append(held)
                held = b""
        if len(packets) >= 3:
            return packets[:3], pages[: number + 1], pages[number + 1 :]
    raise AssertionError


def test_headers_that_stand_twice_are_left_out(vorbis, tmp_path):
    """Some taggers left them: in a page of their own, before sound in one page, or across two."""
    packets, first, sound = headers_of(vorbis)
    assert len(packets) == 3
    header = first[-1][0]
    lacing, body = b"".join(map(laced, packets)), b"".join(packets)
    own = (header, lacing, body)
    begun = sound[0][0]
    shared = (begun, lacing + sound[0][1], body + sound[0][2])
    cut = len(laced(packets[0]) + laced(packets[1])) + 2
    where = len(packets[0]) + len(packets[1]) + 2 * 255
    parted = [
        (header, lacing[:cut], body[:where]),
        (
            begun[:5] + bytes([begun[5] | 1]) + begun[6:],
            lacing[cut:] + sound[0][1],
            body[where:] + sound[0][2],
        ),
    ]
    whole = played(tmp_path, vorbis)
    assert lacing[cut - 1] == 255
    for pages in (
        [*first, own, *sound],
        [*first, shared, *sound[1:]],
        [*first, *parted, *sound[1:]],
    ):
        assert played(tmp_path, ogg_file(pages)) == whole


def test_an_intact_file_is_read_as_it_lies(vorbis):
    assert ogg_pages.repaired(io.BytesIO(vorbis), 0, len(vorbis)) == ()


def test_junk_behind_the_last_page_is_no_damage(vorbis, tmp_path):
    whole = played(tmp_path, vorbis)
    for data in (
        vorbis + junk(200_000),
        vorbis + bytes(200_000),
        id3(junk(3000)) + vorbis + junk(90),
    ):
        assert played(tmp_path, data) == whole


def test_a_file_whose_rest_is_junk_is_damaged(vorbis, tmp_path):
    """Without its last page nothing says that the music is whole."""
    half = vorbis[: len(vorbis) // 2]
    with pytest.raises(AudioError, match="damaged"):
        played(tmp_path, half + bytes(200_000))


@pytest.mark.parametrize(
    ("first", "second"),
    [("stereo", "mono"), ("mono", "stereo"), ("5.1", "stereo")],
)
def test_chained_recordings_of_other_channels_say_what_they_are(tmp_path, first, second):
    data = b"".join(
        encoded(tmp_path / "b.ogg", "libopus", layout=layout, serial_offset=number)
        for number, layout in enumerate((first, second))
    )
    with pytest.raises(AudioError) as caught:
        played(tmp_path, data)
    channels = {"mono": "1 channel", "stereo": "2 channels", "5.1": "6 channels"}
    assert str(caught.value) == (
        "2 recordings of different kinds chained in one Ogg file (Opus with"
        f" {channels[first]} at 48000 Hz, Opus with {channels[second]} at 48000 Hz);"
        " split it into a file for each"
    )


def test_chained_recordings_of_one_kind_are_one_piece(vorbis, tmp_path):
    assert played(tmp_path, vorbis * 2)[0] == pytest.approx(2 * 48000, abs=4000)


def test_the_kind_of_each_recording_is_read_from_its_first_page(vorbis):
    stream_info = b"\0\0\0\x22" + bytes(10) + (44100 << 4 | 0 << 1).to_bytes(3, "big") + bytes(21)
    packet = b"\x7fFLAC\1\0\0\1fLaC" + stream_info
    flac = b"OggS\0\2" + bytes(20) + b"\1" + laced(packet) + packet
    assert ogg_pages.chained(io.BytesIO(vorbis + flac)) == [
        "Vorbis with 2 channels at 48000 Hz",
        "FLAC with 1 channel at 44100 Hz",
    ]
