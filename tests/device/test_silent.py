"""A planned silence on a stick: a silent file in its place, which any player plays."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from playlist_builder.audio import decode, encode
from playlist_builder.device import copy as copying
from playlist_builder.device import silent
from playlist_builder.models import Session, Silence, Slot
from playlist_builder.playlists import read as playlists
from playlist_builder.tags import read as tags

RATE_HZ = 8000


def slot(path, number, start_s):
    return Slot(
        str(path), f"{number}", f"Piece {number}", "", "", start_s, start_s + 2, "p", 0.1, 0.1
    )


@pytest.fixture
def session(tmp_path):
    """Two tracks with 3 s of silence between them and 1 s before the tail."""
    slots = []
    for number, start_s in enumerate((0.0, 5.0, 8.0)):
        path = tmp_path / f"{number}.flac"
        samples = 0.1 * np.random.default_rng(number).standard_normal((1, 2 * RATE_HZ))
        encode.write_flac(str(path), samples.astype(np.float32), RATE_HZ, {})
        slots.append(slot(path, number, start_s))
    silences = (Silence(2.0, 5.0, "p"), Silence(7.0, 8.0, "p"))
    return Session(
        *("arc", "relative", 8.0, 8.0, 0.0, 0.0, 0.0),
        *(tuple(slots[:2]), tuple(slots[2:])),
        silences=silences,
    )


def copy(session, folder, **options):
    with ThreadPoolExecutor(1) as pool:
        return copying.copy_session(session, folder, name="tonight", executor=pool, **options)


@pytest.mark.parametrize("form", [None, "mp3"])
def test_silences_are_numbered_tracks_of_the_format_of_the_others(session, tmp_path, form):
    stick = tmp_path / "stick"
    report = copy(session, stick, form=form)
    suffix = form or "flac"
    names = ("01 - Piece 0", "02 - Silence", "03 - Piece 1", "04 - Silence", "05 - Piece 2")
    entries = playlists.read_entries(stick / "tonight.m3u8")
    assert [each.location for each in entries] == [f"{name}.{suffix}" for name in names]
    assert [round(each.duration_s) for each in entries] == [2, 3, 2, 1, 2]
    assert [bool(each.source) for each in report.files] == [True, False, True, False, True]
    path = report.files[1].path
    with decode.AudioFile(path) as file:
        samples = np.concatenate(list(file.blocks()), axis=1)
        assert samples.shape[1] / file.layout.sample_rate_hz == pytest.approx(3.0, abs=0.05)
    assert not samples.any()
    assert tags.read(path).title == "Silence"


@pytest.mark.parametrize("form", [None, "mp3"])
def test_a_second_run_keeps_the_silent_files(session, tmp_path, form):
    copy(session, tmp_path / "stick", form=form)
    again = copy(session, tmp_path / "stick", form=form)
    assert {each.state for each in again.files} == {"kept"}


def test_a_silence_of_another_length_is_written_again(session, tmp_path):
    copy(session, tmp_path / "stick")
    longer = Silence(2.0, 4.5, "p"), session.silences[1]
    again = copy(replace(session, silences=longer), tmp_path / "stick")
    assert [each.state for each in again.files] == ["kept", "copied", "kept", "kept", "kept"]


@pytest.mark.parametrize("form", silent.FORMS)
def test_silent_files_have_the_same_bytes_every_time(tmp_path, form):
    made = []
    for number in range(2):
        path = tmp_path / f"{number}.{form}"
        encode.write_silence(str(path), silent.FORMS[form], 1.25, {"title": "Silence"})
        made.append(path.read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(("ends", "form"), [((".ogg", ".wma"), "mp3"), ((".ogg", ".M4A"), "m4a")])
def test_music_that_cannot_be_written_so_has_silences_as_mp3(session, ends, form):
    named = zip(session.slots, ends, strict=True)
    slots = tuple(replace(each, path=f"/m{end}") for each, end in named)
    own = replace(session, slots=slots, tail=())
    with silent.as_tracks(own, None) as whole:
        made = [Path(each.path) for each in whole.slots if each.identity == silent.IDENTITY]
        assert [path.suffix for path in made] == [f".{form}"] * 2
        assert all(path.is_file() for path in made)
    assert not any(path.exists() for path in made)


@pytest.mark.parametrize("levels", ["tags", "samples"])
def test_silences_have_no_gain_and_count_for_none(session, tmp_path, levels):
    report = copy(session, tmp_path / "stick", levels=levels)
    assert [each.gain_db is None for each in report.files] == [False, True, False, True, False]
    bare = replace(session, silences=())
    alone = copy(bare, tmp_path / "bare", levels=levels)
    sounding = [each.gain_db for each in report.files if each.gain_db is not None]
    assert sounding == [each.gain_db for each in alone.files]
    assert report.loudness_lufs == alone.loudness_lufs
