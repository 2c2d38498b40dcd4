"""Headers that lie are found out; files that are cut short are told by what they state."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.audio import decode, pcm_headers
from playlist_builder.errors import AudioError
from tests.support.headers import RATE_HZ, aiff, au, caf, pcm, rf64, w64, wav

BODY, SWAPPED = pcm(), pcm(order=">")
SECONDS = len(BODY) / 2 / RATE_HZ
DUMMIES = [0, 8, 0x7F000000, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0x80000024, 0xFFFFFFFF]
LONG_DUMMIES = [0, 24, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFF, 2**64 - 1]
PIPED = {
    **{f"wav {size:x}": wav(BODY, riff=size + 36 & 0xFFFFFFFF, data=size) for size in DUMMIES},
    **{f"wav all {size:x}": wav(BODY, riff=size, data=size) for size in DUMMIES},
    **{f"aiff {size:x}": aiff(SWAPPED, form=size, sound=size, frames=size) for size in DUMMIES},
    **{
        f"aiff {n:x} frames": aiff(SWAPPED, sound=n + 8 & 0xFFFFFFFF, frames=n // 2)
        for n in DUMMIES
    },
    **{f"aifc {size:x}": aiff(BODY, sound=size, frames=size, coding=b"sowt") for size in DUMMIES},
    **{f"au {size:x}": au(SWAPPED, size=size) for size in DUMMIES},
    **{f"rf64 {size:x}": rf64(BODY, size=size) for size in LONG_DUMMIES},
    **{f"w64 {size:x}": w64(BODY, size=size) for size in LONG_DUMMIES},
    **{f"caf {size:x}": caf(SWAPPED, size=size) for size in LONG_DUMMIES},
}
WHOLE = {
    "wav": wav(BODY),
    "wav of odd RIFF": wav(BODY, riff=8),
    "wav of dummy RIFF": wav(BODY, riff=0xFFFFFFFF),
    "aiff": aiff(SWAPPED),
    "aiff of odd FORM": aiff(SWAPPED, form=0),
    "aiff of few frames": aiff(SWAPPED, frames=8),
    "aiff of many frames": aiff(SWAPPED, frames=0x10000000),
    "au": au(SWAPPED),
    "rf64": rf64(BODY),
    "w64": w64(BODY),
    "caf": caf(SWAPPED),
}
CUT = {
    **{name: data for name, data in WHOLE.items() if "many" not in name and "few" not in name},
    "wav told by RIFF": wav(BODY, data=0xFFFFFFFF),
    "wav told by data": wav(BODY, riff=0xFFFFFFFF),
    "wav of no data size": wav(BODY, data=0),
    "aiff told by frames": aiff(SWAPPED, form=0xFFFFFFFF, sound=0xFFFFFFFF),
}


def played(folder, data):
    path = folder / "a"
    path.write_bytes(data)
    with decode.AudioFile(str(path)) as file:
        count = sum(block.shape[1] for block in file.blocks())
        return count, file.identity


@pytest.mark.parametrize("name", PIPED | WHOLE)
def test_sound_is_whole_whatever_a_pipe_left_in_the_header(tmp_path, name):
    """All of them hold the same sound, so that they have one identity but for the byte order."""
    count, identity = played(tmp_path, (PIPED | WHOLE)[name])
    assert count / RATE_HZ == SECONDS
    like = aiff(SWAPPED) if {"aiff", "au", "caf"} & set(name.split()) else wav(BODY)
    assert identity == played(tmp_path, like)[1]


@pytest.mark.parametrize("name", CUT)
def test_what_is_cut_short_is_told_by_its_header(tmp_path, name):
    data = CUT[name]
    with pytest.raises(AudioError, match="cut short: only 1 s of the stated 3 s are there"):
        played(tmp_path, data[: len(data) // 2])


def test_what_follows_the_sound_may_be_cut(tmp_path):
    data = wav(BODY, behind=b"LIST" + (5000).to_bytes(4, "little") + bytes(5000))
    assert played(tmp_path, data[:-3000])[0] / RATE_HZ == SECONDS


@given(st.integers(64, 0x7EFEFFFF), st.integers(0, 100_000))
def test_a_size_is_a_dummy_or_how_much_there_should_be(stated, there):
    data = wav(bytes(there), data=stated)
    found = pcm_headers.find_sound(io.BytesIO(data), len(data))
    assert (found.start, found.stated, found.there) == (44, stated, min(stated, there))


@given(st.sampled_from([b"RIFF", b"FORM", b".snd", b"caff", b"RF64"]), st.binary(max_size=200))
def test_any_header_is_survived(magic, content):
    data = magic + content
    found = pcm_headers.find_sound(io.BytesIO(data), len(data))
    assert found is None or 0 <= found.there <= len(data)


@given(st.binary(min_size=20, max_size=60), st.sampled_from([wav, aiff]))
def test_a_header_of_any_fields_is_survived(fields, writer):
    data = writer(bytes(200))
    data = data[:12] + fields + data[12 + len(fields) :]
    found = pcm_headers.find_sound(io.BytesIO(data), len(data))
    assert found is None or sum(map(len, found.parts)) in {0, len(data)}
