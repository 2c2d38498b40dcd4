"""Levelled copies: the planned loudness by tags, or by samples where they are converted."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mutagen.mp3 import MP3

from playlist_builder.audio import decode, encode
from playlist_builder.device import transcode
from playlist_builder.device.copy import copy_session
from playlist_builder.errors import CopyError
from playlist_builder.models import Session, Slot
from playlist_builder.recording import levelled
from playlist_builder.tags.read import read

RATE_HZ = 8000
SECONDS = 12.0
ARC = (Path(__file__).parents[2] / "profiles" / "arc.toml").read_text(encoding="utf-8")
MASTERS_DB = (-6.0, -30.0, -18.0)


@pytest.fixture
def session(tmp_path):
    """Noise at three levels, the first as WAV, which has no tag for a gain."""
    slots = []
    for number, level_db in enumerate(MASTERS_DB):
        path = tmp_path / f"{number}.{'wav' if number == 0 else 'flac'}"
        noise = np.random.default_rng(number).uniform(-1.0, 1.0, (2, round(SECONDS * RATE_HZ)))
        samples = (noise * 10 ** (level_db / 20)).astype(np.float32)
        encode.write_flac(str(tmp_path / "a.flac"), samples, RATE_HZ, {"title": f"T{number}"})
        if number == 0:
            form = encode.RECORDING_FORMS[".wav"]
            with decode.AudioFile(str(tmp_path / "a.flac")) as file:
                encode.encode(str(path), file, form)
        else:
            (tmp_path / "a.flac").rename(path)
        at = number * SECONDS
        slots.append(Slot(str(path), "", f"T{number}", "", "", at, at + SECONDS, "p", 0.5, 0.5))
    return Session("arc", "relative", 36.0, 36.0, 0.0, 0.0, 0.0, slots[:2], slots[2:])


def copied(session, folder, **options):
    with ThreadPoolExecutor(2) as pool:
        return copy_session(session, folder, name="s", executor=pool, **options)


def contents(session):
    return [Path(slot.path).read_bytes() for slot in (*session.slots, *session.tail)]


def heard_db(path):
    """The level that a player makes of a file by its gain, and the highest of its samples."""
    with decode.AudioFile(path) as file:
        samples = np.concatenate(list(file.blocks()), axis=1)
    gain_db = read(path).track_gain_db
    power = 10 * np.log10(np.square(samples).mean())
    return power + gain_db, 20 * np.log10(np.abs(samples).max()) + gain_db


@pytest.mark.parametrize(
    ("options", "in_samples"),
    [
        ({"levels": "tags"}, [True, False, False]),
        ({"levels": "tags", "form": "opus"}, [True] * 3),
        ({"levels": "tags", "form": "flac"}, [True, False, False]),
        ({"levels": "samples", "form": "mp3"}, [True] * 3),
    ],
)
def test_a_player_that_heeds_tags_plays_all_as_planned(session, tmp_path, options, in_samples):
    before = contents(session)
    report = copied(session, tmp_path / "s", **options)
    assert [each.in_samples for each in report.files] == in_samples
    heard = np.array([heard_db(each.path) for each in report.files])
    assert np.ptp(heard[:, 0]) < 0.5
    assert heard[:, 1].max() <= -0.9
    for each in report.files:
        tags = read(each.path)
        assert tags.album_gain_db == tags.track_gain_db
        assert tags.track_gain_db == pytest.approx(
            0.0 if each.in_samples else each.gain_db, abs=0.01
        )
    assert [read(each.path).title for each in report.files][1:] == ["T1", "T2"]
    after = contents(session)
    assert before == after


def startles(path, before_db, after_db):
    """Write noise that gets louder all at once in its middle."""
    noise = np.random.default_rng(1).uniform(-1.0, 1.0, (2, round(40 * RATE_HZ)))
    noise[:, : noise.shape[1] // 2] *= 10 ** (before_db / 20)
    noise[:, noise.shape[1] // 2 :] *= 10 ** (after_db / 20)
    encode.write_flac(str(path), noise.astype(np.float32), RATE_HZ, {"title": "T1"})


@pytest.mark.parametrize("form", [None, "opus"])
def test_what_a_tag_would_leave_sudden_is_evened_out_in_its_samples(session, tmp_path, form):
    """A calm track that stays as it is, and one that startles."""
    path = tmp_path / "1.flac"
    steps = []
    for before_db in (-18.0, -36.0):
        startles(path, before_db, -18.0)
        calm = replace(session.slots[1], phase="calm", end_s=52.0)
        one = replace(session, slots=(calm,), tail=(), profile_text=ARC)
        report = copied(one, tmp_path / f"{before_db}{form}", levels="tags", form=form)
        assert not report.heard
        with decode.AudioFile(report.files[0].path) as file:
            heard = np.concatenate(list(file.blocks()), axis=1)
        rate_hz = heard.shape[1] / 40
        before, after = (
            np.square(heard[:, round(at_s * rate_hz) : round((at_s + 1) * rate_hz)]).mean()
            for at_s in (18.5, 20.5)
        )
        steps.append(10 * np.log10(after / before))
        sudden = before_db == -36.0
        assert report.files[0].in_samples == (sudden or form == "opus")
        assert Path(report.files[0].path).suffix == f".{form or 'flac'}"
    assert steps[0] == pytest.approx(0.0, abs=0.5)
    assert steps[1] <= 6.5


def test_an_mp3_without_any_tag_gets_its_gain_as_well(session, tmp_path):
    """By its name alone it is known as one."""
    path = tmp_path / "1.mp3"
    transcode.convert(str(tmp_path / "1.flac"), str(path), "mp3")
    MP3(path).delete()
    data = path.read_bytes()
    bare = bytes(200) + data[data.index(b"\xff\xfb") :]
    path.write_bytes(bare)
    one = replace(session, slots=(replace(session.slots[1], path=str(path)),), tail=())
    report = copied(one, tmp_path / "s", levels="tags")
    assert not report.skipped
    assert read(report.files[0].path).track_gain_db == pytest.approx(report.files[0].gain_db)
    assert path.read_bytes() == bare


def test_what_is_levelled_already_is_kept_and_what_is_levelled_otherwise_is_not(session, tmp_path):
    stick = tmp_path / "s"
    copied(session, stick)
    for options, states in (
        ({"levels": "tags"}, ["converted", "copied", "copied"]),
        ({"levels": "tags"}, ["kept"] * 3),
        ({}, ["kept", "copied", "copied"]),  # the WAV of the first copy is there yet
    ):
        assert [each.state for each in copied(session, stick, **options).files] == states


def test_a_copy_for_a_phone_is_an_album_that_replaces_earlier_copies_alone(session, tmp_path):
    phone = tmp_path / "s"
    copied(session, phone)
    (phone / "mine.flac").write_bytes(b"mine")
    options = {"form": "mp3", "levels": "samples", "as_album": True, "replace_earlier": True}
    report = copied(session, phone, **options)
    names = sorted(each.name for each in phone.iterdir() if not each.name.startswith("."))
    assert names == ["01 - T0.mp3", "02 - T1.mp3", "03 - T2.mp3", "mine.flac", "s.m3u8"]
    assert len(report.removed) == 3
    assert {read(each.path).album for each in report.files} == {"s"}
    assert MP3(report.files[1].path).tags["TRCK"].text == ["2/3"]
    assert {each.state for each in copied(session, phone, **options).files} == {"kept"}


def test_what_cannot_be_measured_is_skipped_and_the_others_are_levelled(session, tmp_path):
    whole = (tmp_path / "1.flac").read_bytes()
    (tmp_path / "1.flac").write_bytes(whole[: len(whole) // 2])
    report = copied(session, tmp_path / "s", levels="tags")
    assert [each.number for each in report.files] == [1, 3]
    assert [each.path for each in report.skipped] == [session.slots[1].path]
    (tmp_path / "0.wav").write_bytes(b"")
    (tmp_path / "2.flac").write_bytes(b"")
    with pytest.raises(CopyError, match="None of the tracks could be"):
        copied(session, tmp_path / "t", levels="tags")


def test_a_gain_is_never_louder_than_the_peaks_allow(session, tmp_path, monkeypatch):
    monkeypatch.setattr(levelled, "LOUDNESS_LUFS", -1.0)
    report = copied(session, tmp_path / "s", levels="tags")
    assert report.loudness_lufs < -4.0
    found = [read(each.path) for each in report.files]
    peaks_db = [20 * np.log10(each.track_peak) + each.track_gain_db for each in found]
    assert max(peaks_db) == pytest.approx(-1.0, abs=0.01)
