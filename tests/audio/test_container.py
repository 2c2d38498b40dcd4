"""Channels have names whatever a header says of them, and come in one order."""

import av
import numpy as np
import pytest

from playlist_builder.analysis.loudness import channel_weights
from playlist_builder.audio import container, decode
from playlist_builder.device import transcode
from playlist_builder.errors import AudioError
from tests.support.headers import aiff, au, caf, pcm, wav

FRONT, SURROUND = ("FL", "FR"), ("FL", "FR", "FC", "LFE", "BL", "BR")
USUAL = {1: ("FC",), 2: FRONT, 3: ("FL", "FR", "LFE"), 4: ("FL", "FR", "FC", "BC"), 6: SURROUND}
MASKS = [0, 4, 7, 8, 9, 0x60000000, 0x80000000]  # none, too few or many, and odd ones
FILM, DOLBY = (124 << 16) | 6, (123 << 16) | 6  # C L R Ls Rs LFE, and L C R Ls Rs LFE


def opened(folder, data):
    path = folder / "a.snd"
    path.write_bytes(data)
    with decode.AudioFile(str(path)) as file:
        blocks = np.concatenate(list(file.blocks()), axis=1)
    return file.layout.channels, blocks.std(axis=1) / blocks.std(axis=1).min()


@pytest.mark.parametrize("channels", USUAL)
@pytest.mark.parametrize("writer", [wav, aiff, au, caf])
def test_channels_without_places_are_the_usual_ones(tmp_path, writer, channels):
    body = pcm(channels, 0.5, "<" if writer is wav else ">")
    names, levels = opened(tmp_path, writer(body, channels))
    assert names == USUAL[channels]
    np.testing.assert_allclose(levels, range(1, channels + 1), rtol=0.1)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("mask", MASKS)
def test_one_or_two_channels_are_mono_or_stereo_whatever_a_mask_says(tmp_path, channels, mask):
    names, _ = opened(tmp_path, wav(pcm(channels, 0.2), channels, mask=mask))
    assert names == USUAL[channels]


def test_surround_is_weighed_as_such_with_and_without_a_mask(tmp_path):
    body = pcm(6, 0.2)
    weights = [
        channel_weights(opened(tmp_path, wav(body, 6, mask=mask))[0]).tolist()
        for mask in (None, 0, 0x3F)
    ]
    assert weights == [pytest.approx([1, 1, 1, 0, 1.41, 1.41])] * 3


@pytest.mark.parametrize(
    ("layout", "labels", "expected"),
    [
        (FILM, (), (2, 3, 1, 6, 4, 5)),
        (DOLBY, (), (1, 3, 2, 6, 4, 5)),
        (None, (2, 1), (2, 1)),
        (None, (1, 1), (1, 2)),
        (None, (2000, 1, 2), (1, 2, 3)),
    ],
)
def test_an_order_of_its_own_is_brought_into_the_usual_one(tmp_path, layout, labels, expected):
    """The library that reads it would crash on it otherwise."""
    count = len(expected)
    data = caf(pcm(count, 0.5, ">"), count, layout=layout, labels=labels)
    names, levels = opened(tmp_path, data)
    assert container.usual_order(names) == list(range(count))
    np.testing.assert_allclose(levels, expected, rtol=0.1)


@pytest.mark.parametrize("form", ["flac", "mp3", "opus"])
@pytest.mark.parametrize(
    "data", [wav(pcm(2, 0.2), 2), aiff(pcm(1, 0.2, ">")), au(pcm(6, 0.2, ">"), 6)]
)
def test_files_without_a_mask_are_converted(tmp_path, form, data):
    path = tmp_path / "a.snd"
    path.write_bytes(data)
    target = tmp_path / f"b.{form}"
    assert transcode.convert(str(path), str(target), form) == 0.2
    kept = len(opened(tmp_path, data)[0]) if form == "flac" else 2
    with decode.AudioFile(str(target)) as file:
        assert len(file.layout.channels) <= kept


def test_channels_that_belong_nowhere_are_heard_but_not_converted(tmp_path):
    data = wav(pcm(9, 0.2), 9)
    assert set(opened(tmp_path, data)[0]) == {"NONE"}
    with pytest.raises(AudioError, match="nothing says where its 9 channels belong"):
        transcode.convert(str(tmp_path / "a.snd"), str(tmp_path / "b.mp3"), "mp3")


def test_every_layout_of_ffmpeg_is_in_its_own_order():
    for count in range(1, 25):
        try:
            names = [channel.name for channel in av.AudioLayout(f"{count}c").channels]
        except ValueError:
            continue
        assert container.usual_order(names) == list(range(count))
