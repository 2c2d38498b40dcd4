"""The works of a list among tracks: by what they are found, and what is not guessed."""

from dataclasses import replace

from playlist_builder.models import Work
from playlist_builder.playlists.listed import ListedWork
from playlist_builder.sessions.matches import find
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import plain

RECORDING = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


def tagged(number, minutes=5.0, *, title="Rain", artist="Ada", **tags):
    made = plain(number, minutes, title=title, artist=artist)
    return replace(made, tags=replace(made.tags, **tags))


def found(works, *tracks):
    return find(works, TrackTable.of(tracks), "/list")


def by(works, *tracks):
    """Which track each work is, and by what."""
    return found(works, *tracks).tracks


def listed(title="Rain", artist="Ada", duration_s=300.0, **more):
    return ListedWork(title, artist, duration_s=duration_s, **more)


def test_ids_go_before_names():
    tracks = (
        tagged(1),
        tagged(2, title="x", musicbrainz_recording_id=RECORDING),
        tagged(3, title="y", isrc="USAT20105338"),
    )
    works = [
        listed(work=Work(recording_id=RECORDING)),
        listed(work=Work(isrc="USAT20105338")),
        listed(),
    ]
    assert by(works, *tracks) == {0: (1, "recording"), 1: (2, "isrc"), 2: (0, "name")}


def test_an_id_of_zeros_is_none():
    none = "00000000-0000-0000-0000-000000000000"
    track = tagged(1, title="x", musicbrainz_recording_id=none)
    assert by([listed(work=Work(recording_id=none))], track) == {}


def test_the_file_that_a_list_names_is_it():
    works = [listed("?", location="../music/000002.flac")]
    assert by(works, tagged(1), tagged(2)) == {0: (1, "file")}


def test_lengths_tell_recordings_apart():
    tracks = (tagged(1, 9.0), tagged(2, 5.05), tagged(3, 5.01))
    assert by([listed()], *tracks) == {0: (2, "name")}
    assert by([listed(duration_s=420.0)], *tracks) == {}


def test_without_a_length_one_recording_is_sure_and_several_are_not():
    assert by([listed(duration_s=None)], tagged(1), tagged(2, 5.02)) == {0: (0, "name")}
    several = found([listed(duration_s=None)], tagged(1), tagged(2, 9.0))
    assert several.tracks == {}
    assert several.alike == {0: [0, 1]}


def test_another_artist_is_another_work_and_an_unknown_one_needs_the_very_length():
    assert by([listed(artist="Bob")], tagged(1)) == {}
    assert by([listed(artist="")], tagged(1, 5.04)) == {0: (0, "name")}
    assert by([listed(artist="")], tagged(1, 5.08)) == {}
    assert by([listed(artist="Eno")], tagged(1, artist="x", album_artists=("Eno",))) == {
        0: (0, "name")
    }


def test_a_translation_in_brackets_needs_the_very_length():
    assert by([listed("Le Cygne (The Swan)")], tagged(1, title="The Swan")) == {0: (0, "name")}
    assert by([listed("Le Cygne (The Swan)")], tagged(1, 5.08, title="The Swan")) == {}


def test_a_track_is_taken_once():
    same = found([listed(), listed(), listed("Sun")], tagged(1))
    assert same.tracks == {0: (0, "name")}
    assert same.repeated == {1}


def test_the_order_of_the_library_is_without_effect():
    tracks = [tagged(1, 5.02), tagged(2, 5.0), tagged(3, 9.0)]
    first = found([listed()], *tracks).tracks[0][0]
    second = found([listed()], *reversed(tracks)).tracks[0][0]
    assert tracks[first] is list(reversed(tracks))[second]
