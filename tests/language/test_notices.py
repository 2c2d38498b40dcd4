"""What a session tells people: the English sentences, which are part of the session document."""

import pytest

from playlist_builder.language.notices import TEMPLATES, notice, removed

AT = {"title": "Night", "at_s": 3725.0, "phase": "peak"}
LIMIT = {"count": 2, "title": "Night", "phase": "peak"}
BUDGET = {"passed": 7, "total": 12, "outside": 3, "shortest": 2.0, "longest": 15.0, "voices": 1}
BUDGET |= {"others": (("banned", 1),)}
CALM = {**BUDGET, "below": 0.25, "calm_min": 45}
TURN_UP = ": turn the volume up by as much, or take other music instead"
SENTENCES = [
    (
        notice("above_plan", count=1, limit=0.35, worst=0.4, **AT),
        (
            "1 track rises more than 0.35 above the plan; the worst by 0.40 in 'Night' at 1:02:05"
            " (peak)"
        ),
    ),
    (
        notice("albums_in_one_file", count=1, title="A", tracks=9),
        (
            "1 file that is too long holds an album by its CUE sheet: 'A' (9 tracks); split it into"
            " its tracks and scan again"
        ),
    ),
    (
        notice("albums_in_one_file", count=2, title="A", tracks=9),
        (
            "2 files that are too long hold albums by their CUE sheets, such as 'A' (9 tracks);"
            " split them into their tracks and scan again"
        ),
    ),
    (
        notice("artist_gap", count=1, gap=2),
        "artist_gap: 1 time fewer than 2 other tracks between two of one artist",
    ),
    (
        notice("artist_max", most=3, artists=(("ada", 5), ("bob {x}", 4))),
        "artist_max: more than 3 tracks of one artist (ada 5, bob {x} 4)",
    ),
    (
        notice("below_plan", reach=0.4, peak=0.75),
        (
            "the most energetic track of this library reaches 0.40; the peak asks for 0.75:"
            " the session stays below its plan"
        ),
    ),
    (
        notice("brightness", value=5123.0, limit=3000.0, **LIMIT),
        (
            "brightness: 2 tracks beyond the limit of their phase, worst 'Night' with 5123 Hz in"
            " peak (limit 3000)"
        ),
    ),
    (
        notice("budget", **BUDGET),
        "7 of 12 can be used: 3 outside 2 to 15 min, 1 with voices, 1 banned",
    ),
    (
        notice("budget_calm", count=1, **CALM),
        (
            "7 of 12 can be used: 3 outside 2 to 15 min, 1 with voices, 1 banned; calm (below"
            " 0.25): 45 min, enough for one session of this kind"
        ),
    ),
    (
        notice("budget_not_calm", asked_min=50, **CALM),
        (
            "7 of 12 can be used: 3 outside 2 to 15 min, 1 with voices, 1 banned; calm (below"
            " 0.25): 45 min, of 50 min that a session of this kind asks for"
        ),
    ),
    (
        notice("budget_of_tracks", **CALM),
        (
            "7 of 12 can be used: 3 outside 2 to 15 min, 1 with voices, 1 banned; calm (below"
            " 0.25): 45 min"
        ),
    ),
    (
        notice("capacity", count=1, missing_min=20),
        (
            "the library holds about 1 session of this kind without repeats and within its rules,"
            " with their tails; for one more it lacks 20 min of music"
        ),
    ),
    *(
        (
            notice(f"capacity_{code}", count=3, missing_min=8, **values),
            (
                "the library holds about 3 sessions of this kind without repeats and within its"
                f" rules, with their tails; for one more it lacks 8 min of music {which}"
            ),
        )
        for code, values, which in (
            ("between", {"low": 0.4, "high": 0.55}, "of energy 0.4 to 0.55"),
            ("calm", {"high": 0.3}, "that is calm (energy up to 0.3)"),
            ("peak", {"low": 0.7}, "for the peak (energy from 0.7 on)"),
        )
    ),
    (notice("copies_left_out", count=1), "1 copy of another track is left out"),
    (
        notice("duration_longer", off_s=120, tolerance_s=30),
        "duration: 120 s longer than asked (tolerance 30 s)",
    ),
    (
        notice("duration_shorter", off_s=120, tolerance_s=30),
        "duration: 120 s shorter than asked (tolerance 30 s)",
    ),
    (
        notice("fewer_sessions", count=2, asked=3),
        "only 2 of 3 sessions: the library holds no more",
    ),
    (
        notice("held_down", titles=("Night", "Dawn"), softer_lu=2.25),
        "all of it is 2.2 LU quieter than without the peaks of 'Night', 'Dawn'" + TURN_UP,
    ),
    (
        notice("held_down_and_more", titles=("Night",), softer_lu=2.0),
        "all of it is 2.0 LU quieter than without the peaks of 'Night', ..." + TURN_UP,
    ),
    (notice("kept", reason="sung", title="Night"), "kept, though sung: 'Night'"),
    (
        notice("left_out", path="/a", reason="its name holds a line break"),
        "left out /a: its name holds a line break",
    ),
    (notice("left_out_by_rule", count=3, reason="too long"), "left out: 3 too long"),
    (
        notice("heard_behind_ending", at_s=3725, title="Night", step_lu=9.0),
        "1:02:05 'Night' comes in 9.0 LU louder than the last seconds before it",
    ),
    (
        notice("heard_louder", at_s=3725, title="Night", step_lu=4.25),
        "1:02:05 'Night' comes in 4.2 LU louder than what plays before",
    ),
    (
        notice("heard_within", at_s=3725, title="Night", step_lu=8.0),
        "1:02:05 'Night' gets 8.0 LU louder all at once",
    ),
    (
        notice("heard_softer", at_s=3725, title="Night", step_lu=12.0),
        "1:02:05 'Night' comes in 12.0 LU quieter than what plays before",
    ),
    (
        notice("loudness_falls", count=1, limit_lu=6.0, worst_lu=12.0, **AT),
        "1 loudness drop beyond 6 LU; the worst falls by 12.0 LU into 'Night' at 1:02:05 (peak)",
    ),
    (
        notice("loudness_falls", count=2, limit_lu=6.0, worst_lu=12.0, **AT),
        "2 loudness drops beyond 6 LU; the worst falls by 12.0 LU into 'Night' at 1:02:05 (peak)",
    ),
    (
        notice("loudness_jumps", count=1, limit_lu=3.0, worst_lu=10.0, **AT),
        "1 loudness step beyond 3 LU; the worst rises 10.0 LU into 'Night' at 1:02:05 (peak)",
    ),
    (
        notice("loudness_jumps", count=2, limit_lu=2.5, worst_lu=10.0, **AT),
        "2 loudness steps beyond 2.5 LU; the worst rises 10.0 LU into 'Night' at 1:02:05 (peak)",
    ),
    (
        notice("may_hold_voice", count=2, total=6, titles=("Night", "{day}")),
        "2 of 6 tracks may hold a voice: 'Night', '{day}'; listen and mark them",
    ),
    (
        notice("people_behind", count=2, total=6, titles=("Night", "{day}")),
        "2 of 6 tracks have people in the background: 'Night', '{day}'; listen and mark them",
    ),
    (
        notice(
            "music_is_short",
            share=0.2,
            startle_lu=12.0,
            peak=0.5,
            percussiveness=0.5,
            stroke_rate_hz=3.0,
            pulse_clarity=0.35,
        ),
        (
            "calm music is short: from the calmest 20% of the library, startle up to 12 LU,"
            " energy up to 0.50,"
            " percussiveness up to 0.5, strokes up to 3 Hz, pulse up to 0.35"
        ),
    ),
    (
        notice("calm_after_silence"),
        "all other calm music is livelier than what plays: it begins behind a silence",
    ),
    (
        notice("calm_again"),
        "calm music is short: some of it comes more than once",
    ),
    (
        notice("no_calm_tail"),
        "no tail: no calm track is left that begins without a rise in energy",
    ),
    (
        notice("no_spare", phases=("peak", "return")),
        "no spare for peak, return: no other track of like energy is left",
    ),
    (
        notice("no_track_for_tail"),
        "no tail: all tracks of the playlist are in the session",
    ),
    (notice("not_found", location="a.mp3"), "not found: a.mp3"),
    (
        notice("not_in_library", count=1, total=9, file="old.m3u8"),
        "1 of 9 entries of old.m3u8 is not in the library",
    ),
    (
        notice("missing_files", count=2, total=9, path="/m/a.flac"),
        "2 of 9 tracks are not there and left out, such as /m/a.flac: is the drive mounted?",
    ),
    (
        notice("peak", count=1, value=0.6149, limit=0.45, **AT),
        (
            "peak: 1 track rises higher than its phase allows, worst to 0.61 in 'Night' at 1:02:05"
            " (peak) (limit 0.45)"
        ),
    ),
    (
        notice("percussiveness", value=0.61237, limit=0.5, **LIMIT),
        (
            "percussiveness: 2 tracks beyond the limit of their phase, worst 'Night' with 0.6124 in"
            " peak (limit 0.5)"
        ),
    ),
    (
        notice("pin_below", title="Night", at_s=3690.4, below=0.5),
        "pin: 'Night' at 1:01:30 lies 0.50 below the plan",
    ),
    (
        notice("pin_moved", title="Night", at_s=3690.4, asked_s=120.0),
        "pin: 'Night' starts at 1:01:30, not at 2:00",
    ),
    (
        notice("empty_phases", phases=("peak",)),
        (
            "without a track: peak; the tracks around are longer than that. Ask for more time, or"
            " let in shorter tracks"
        ),
    ),
    (
        notice("pulse", value=0.61237, limit=0.35, **LIMIT),
        (
            "pulse: 2 tracks beyond the limit of their phase, worst 'Night' with 0.6124 in peak"
            " (limit 0.35)"
        ),
    ),
    (
        notice("repeated", count=2),
        "left out: 2 entries that repeat other music of the playlist",
    ),
    (
        notice("scaled_to_library", reach=0.4, peak=0.75),
        (
            "the most energetic track of this library reaches 0.40; the peak asks for 0.75:"
            " scaled to your library"
        ),
    ),
    (
        notice("shared", count=2, titles=("Night", "Day")),
        "2 tracks are in other sessions of this course as well: 'Night', 'Day'",
    ),
    (
        notice("shared_and_more", count=4, titles=("Night", "Day")),
        "4 tracks are in other sessions of this course as well: 'Night', 'Day', ...",
    ),
    (
        notice("too_little", asked_min=60, passed_min=10, removed=(("sung", 2),)),
        "60 min asked; 10 min pass: 2 tracks sung",
    ),
    (
        notice("short_session", asked_min=60, passed_min=10, removed=()),
        "60 min asked; 10 min pass; the session is shorter than asked",
    ),
    (
        notice(
            "short_session",
            asked_min=60,
            passed_min=10,
            removed=(("not included", 3), ("sung", 2)),
        ),
        (
            "60 min asked; 10 min pass: 3 tracks not included, 2 sung; the session is shorter than"
            " asked"
        ),
    ),
    (
        notice("short_tail", lasts_min=12, asked_min=15),
        "the tail lasts 12 of 15 min: the library holds no more music that is calm and free",
    ),
    (notice("skipped", path="/a", reason="no audio"), "left out: /a: no audio"),
    (
        notice("spares_unverified", count=2, total=5),
        "2 of 5 spares are not known to be free of words",
    ),
    (notice("spoken", count=2, total=4), "2 of 4 tracks hold speech"),
    (notice("spoken", count=1, total=4), "1 of 4 tracks holds speech"),
    (
        notice("silence", value=90.0, limit=15.0, at_s=725.0, **LIMIT),
        (
            "silence: 2 tracks beyond the limit of their phase, worst 'Night' with 90 s from 12:05"
            " on in peak (limit 15)"
        ),
    ),
    (
        notice("silences", count=1, limit=15.0, worst=22, **AT),
        "1 transition with more than 15 s of silence, 22 s at 'Night' at 1:02:05 (peak)",
    ),
    (
        notice("silences", count=2, limit=15.0, worst=22, **AT),
        ("2 transitions with more than 15 s of silence, at most 22 s at 'Night' at 1:02:05 (peak)"),
    ),
    (
        notice("ends_loud", title="Night", lufs=-9.5, median_lufs=-17.25),
        ("'Night' ends the session, though its -9.5 LUFS are the loudest of it (median -17.2)"),
    ),
    (
        notice("tension_outside", count=1, value=0.75, least=0.0, most=0.35, **AT),
        (
            "1 track lies outside the tension that its phase plans, worst 0.75 in 'Night' at"
            " 1:02:05 (peak), plan 0 to 0.35"
        ),
    ),
    (
        notice("opens_loud", title="Night", lufs=0.4, limit_lufs=-12.0),
        (
            "'Night' opens the session, though its 0.4 LUFS are louder than music or the other"
            " tracks (limit -12.0)"
        ),
    ),
    (
        notice("too_loud_to_open", title="Night", lufs=0.4, limit_lufs=-12.0),
        (
            "'Night' does not open the session: its 0.4 LUFS are louder than music or the other"
            " tracks (limit -12.0)"
        ),
    ),
    (
        notice("startle", value=20.0, limit=10.0, **LIMIT),
        (
            "startle: 2 tracks beyond the limit of their phase, worst 'Night' with 20 LU in peak"
            " (limit 10)"
        ),
    ),
    (
        notice("strokes", value=3.25, limit=2.0, **LIMIT),
        (
            "strokes: 2 tracks beyond the limit of their phase, worst 'Night' with 3.25 Hz in peak"
            " (limit 2)"
        ),
    ),
    (
        notice("sudden", count=1, limit_lu=15.0, worst_lu=19.4, **AT),
        (
            "1 track gets louder by more than 15 LU within a second; the worst by 19.4 LU is"
            " 'Night', which begins at 1:02:05 (peak)"
        ),
    ),
    (notice("sung", count=1, total=4), "1 of 4 tracks holds singing"),
    (
        notice("tension", value=0.75, limit=0.5, **LIMIT),
        (
            "tension: 2 tracks beyond the limit of their phase, worst 'Night' with 0.75 in peak"
            " (limit 0.5)"
        ),
    ),
    (
        notice("silence_moved", phase="calm", at_s=630.0, asked_s=600.0),
        "silence: that after calm comes at 10:30, not at 10:00",
    ),
    (
        notice("planned_silences", count=1, lasts_s=120.0),
        (
            "1 planned silence, 2:00 in all: 'render' and 'copy' play it; by a playlist or a server"
            " the next track begins at once, so pause there by hand"
        ),
    ),
    (
        notice("planned_silences", count=2, lasts_s=150.0),
        (
            "2 planned silences, 2:30 in all: 'render' and 'copy' play them; by a playlist or a"
            " server the next track begins at once, so pause there by hand"
        ),
    ),
    (
        notice("pin_phase", title="Night", phase="calm", asked="peak"),
        "pin: 'Night' plays in calm, not in peak",
    ),
    (notice("text", text="as {it} stands"), "as {it} stands"),
    (
        notice("trimmed", count=1, total=6),
        (
            "1 of 6 tracks is trimmed at a quiet moment; recordings, copies and VLC play it so,"
            " other players all of it"
        ),
    ),
    (
        notice("trimmed", count=3, total=6),
        (
            "3 of 6 tracks are trimmed at quiet moments; recordings, copies and VLC play them so,"
            " other players all of them"
        ),
    ),
    (
        notice("unverified", count=4, total=6),
        (
            "4 of 6 tracks are not verified to be free of words; scan without --no-vocals, or"
            " listen and mark them"
        ),
    ),
    (notice("works_found", count=1, total=4), "1 of 4 works of the list is here"),
    (notice("works_found", count=3, total=4), "3 of 4 works of the list are here"),
    (
        notice("works_left_out", count=1, titles=("A",)),
        "left out: 1 work that is not here and has no track left: 'A'",
    ),
    (
        notice("works_left_out", count=2, titles=("A", "B")),
        "left out: 2 works that are not here and have no track left: 'A', 'B'",
    ),
    (
        notice("works_offered", count=1, titles=("A",)),
        "1 work is not here, so the nearest track plays in its place: 'A'",
    ),
    (
        notice("works_offered", count=2, titles=("A", "B")),
        "2 works are not here, so the nearest tracks play in their place: 'A', 'B'",
    ),
    (
        notice("works_left_out_and_more", count=9, titles=("A", "B")),
        "left out: 9 works that are not here and have no track left: 'A', 'B', ...",
    ),
    (
        notice("works_offered_and_more", count=9, titles=("A", "B")),
        "9 works are not here, so the nearest tracks play in their place: 'A', 'B', ...",
    ),
    (notice("wordless", count=1, total=4), "1 of 4 tracks holds a wordless voice"),
]


@pytest.mark.parametrize(("told", "english"), SENTENCES, ids=lambda each: getattr(each, "code", ""))
def test_a_notice_is_an_english_sentence(told, english):
    assert str(told) == english


def test_one_track_is_told_in_the_singular():
    for limit in ("brightness", "percussiveness", "pulse", "startle", "strokes", "tension"):
        told = notice(limit, value=2.0, limit=1.0, **LIMIT | {"count": 1})
        assert str(told).startswith(f"{limit}: 1 track beyond the limit")
    assert removed([("sung", 1), ("too long", 2)]) == ": 1 track sung, 2 too long"
    assert removed([("sung", 2)]) == ": 2 tracks sung"


def test_every_notice_has_its_sentence_here():
    assert {told.code for told, _ in SENTENCES} == set(TEMPLATES)


def test_notices_are_equal_whatever_the_order_of_their_parameters():
    assert notice("fewer_sessions", count=1, asked=2) == notice("fewer_sessions", asked=2, count=1)
    assert len({notice("no_calm_tail"), notice("no_calm_tail")}) == 1
