"""Half an hour of the calmest music, and the truth about how calm it is."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints
from playlist_builder.errors import ArrangeError
from playlist_builder.profiles import parse as profile_toml
from playlist_builder.sessions.rescue import rescue
from tests.support.synthetic import felt, library, plain


def test_the_calmest_tenth_without_startle_strokes_or_words_is_taken():
    tracks = library(1000, 2)
    tracks[0] = replace(tracks[0], energy=0.0, vocals="sung")
    tracks[1] = replace(tracks[1], energy=0.0, vocals="unknown")
    for place, harm in ((2, {"longest_silence_s": 16.0}), (3, {"loudness_lufs": 0.4})):
        noise = replace(tracks[place].features, **harm)
        tracks[place] = replace(tracks[place], energy=0.0, features=noise)
    request, notes = rescue(tracks, None)
    chosen = [track for track in tracks if track.identity in request.listed]
    most = sorted(track.energy for track in tracks)[100]
    assert notes == []
    assert not {tracks[2], tracks[3]} & {*chosen}
    assert {track.vocals for track in chosen} == {"none"}
    assert all(track.peak_energy <= most + 0.3 for track in chosen)
    assert all(track.energy <= most and track.startle_lu <= 12.0 for track in chosen)
    assert sum(track.duration_s for track in chosen) >= 2700.0
    profile = profile_toml.parse(request.profile_text.encode(), name=request.profile)
    assert profile.duration_s == request.duration_s == 1800.0
    assert profile.phases[0].level_start > profile.phases[0].level_end


def test_no_beat_is_taken_and_the_least_tense_are_preferred():
    tracks = felt(library(2000, 2), 3)
    request, _ = rescue(tracks, None)
    chosen = [track for track in tracks if track.identity in request.listed]
    assert all(track.features.stroke_rate_hz <= 2.0 for track in chosen)
    assert all(track.features.pulse_clarity <= 0.9 for track in chosen)
    profile = profile_toml.parse(request.profile_text.encode(), name=request.profile)
    tensions = [track.emotion.tension for track in chosen if track.emotion]
    for phase in profile.phases:
        assert (phase.max_stroke_rate_hz, phase.max_pulse_clarity) == (2.0, 0.9)
        assert phase.tension == (0.0, pytest.approx(np.quantile(tensions, 0.25), abs=1e-4))
    session = arrange(chosen, profile, constraints=Constraints(scale="absolute"))
    known = {track.identity: track.emotion for track in chosen}
    played = [known[slot.identity] for slot in session.slots]
    assert np.mean([each.tension for each in played if each]) < np.mean(tensions) - 0.1


def test_where_beats_must_be_taken_it_is_told_and_the_first_track_has_none():
    still = plain(0, 5, 0.1)
    beats = [plain(n, 5, 0.1, stroke_rate_hz=2.5, pulse_clarity=0.45) for n in range(1, 20)]
    request, (note,) = rescue([*beats, still, *(plain(n, 5, 0.9) for n in range(20, 60))], None)
    assert "strokes up to 3 Hz, pulse up to 1" in str(note)
    profile = profile_toml.parse(request.profile_text.encode(), name=request.profile)
    tracks = [track for track in [*beats, still] if track.identity in request.listed]
    session = arrange(tracks, profile, constraints=Constraints(scale="absolute"))
    assert session.slots[0].path == still.path
    assert session.relaxed == ()


def test_a_small_library_gives_what_it_has_and_says_so():
    tracks = library(60, 2)
    _, notes = rescue(tracks, None)
    assert [each.code for each in notes] == ["music_is_short"]


def test_tracks_that_nobody_listened_to_are_taken_only_for_want_of_others():
    tracks = [replace(track, vocals="unknown") for track in library(1000, 2)]
    request, _ = rescue(tracks, None)
    assert 'vocals = "exclude"' in request.profile_text


def test_too_little_music_is_a_shorter_rescue_and_none_is_one_line():
    request, notes = rescue(library(12, 1), None)
    assert request.allow_short
    assert notes
    loud = [replace(track, vocals="spoken") for track in library(5, 1)]
    for tracks in ([], loud):
        with pytest.raises(ArrangeError, match="No track of the library is calm"):
            rescue(tracks, None)
