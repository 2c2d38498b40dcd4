"""A push to MPD, over TCP, a local socket, with a password, and with MPD killed in between."""

import pytest

from playlist_builder.errors import ServerError
from playlist_builder.library.library import Library
from playlist_builder.servers import mpd
from playlist_builder.servers.mpd_address import parse_address
from tests.support.parts import needs

pytestmark = needs("mpd")

PATIENCE_S = 120.0


def lines(connection):
    """Cut what a client says into commands."""
    return connection.makefile("rb")


def test_every_name_is_there_in_order_and_a_second_push_replaces(
    server, push, session, music, names, new, old
):
    done = push(session(new), server.target, "--map", f"{music}=")
    assert done.json == {"target": server.target, "name": "arc", "pushed": 12, "unmatched": []}
    assert (done.code, server.held()) == (0, new)
    push(session(names[2:9]), server.target, "--map", f"{music}=")
    assert (server.names(), server.held()) == (["arc"], names[2:9])
    assert push(session(old), server.target, "--name", 'ガーデン \'n "q" #1 \\').code == 0
    assert server.held('ガーデン \'n "q" #1 \\') == old


def test_a_local_socket_needs_no_map(server, push, session, new):
    done = push(session(new, artist="Other"), f"mpd://{server.own}/socket")
    assert (done.json["pushed"], server.held()) == (12, new)


def test_tracks_elsewhere_are_known_by_their_tags(server, push, session, new):
    """The same music lies in another folder here, and nothing maps it."""
    done = push(session(new, folder="/elsewhere"), server.target)
    assert (done.json["pushed"], server.held()) == (12, new)


def test_tracks_elsewhere_are_known_by_their_recording(
    server, push, session, music, tmp_path, names, recording_id
):
    """The library gives MusicBrainz ids by the identity of the music."""
    with Library.open(tmp_path / "library.db") as library:
        library.scan(music, vocals=False, embedding=False)
        track = next(t for t in library.tracks() if t.path == str(music / names[4]))
    assert track.tags.musicbrainz_recording_id == recording_id(4)
    file = session([names[4]], folder="/elsewhere", artist="Other", identity=track.identity)
    assert push(file, server.target).code == 1
    assert push(file, server.target, "--library", tmp_path / "library.db").code == 0
    assert server.held() == [names[4]]


def test_nothing_is_pushed_while_tracks_are_missing(server, push, session, names, old):
    push(session(old), server.target)
    done = push(session([names[1], "gone.flac", names[2]]), server.target)
    assert (done.code, done.json["pushed"], server.held()) == (1, 0, old)
    assert [each["title"] for each in done.json["unmatched"]] == ["gone.flac"]
    assert len(done.lines) == 2
    done = push(session([names[1], "gone.flac", names[2]]), server.target, "--allow-missing")
    assert (done.code, done.json["pushed"], server.held()) == (0, 2, [names[1], names[2]])


def test_what_a_stored_playlist_cannot_hold_leaves_the_old_one(server, push, session, music, old):
    """MPD takes `#` at the beginning of a stored path for a comment, but not in its queue."""
    folder = ("--map", f"{music}=")
    push(session(old), server.target, *folder)
    done = push(session([*old, "#1.flac"]), server.target, *folder)
    assert (done.code, len(done.lines), server.held()) == (1, 1, old)
    assert "cannot hold '#1.flac'" in done.lines[0]
    assert server.names() == ["arc"]
    assert push(session([*old, "#1.flac"]), server.target, "--queue", *folder).code == 0


def test_a_push_that_died_between_its_renames_is_made_good(server, push, session, old):
    """The old playlist gets its name back before anything else, even if the push then fails."""
    push(session(old), server.target)
    server.ask("rename", "arc", "arc (old, by playlist-builder)")
    server.ask("playlistadd", "arc (new, by playlist-builder)", old[0])
    assert push(session([*old, "gone.flac"]), server.target).code == 1
    done = push(session([*old, "#1.flac"]), server.target, "--map", f"{server.music}=")
    assert (done.code, server.names(), server.held()) == (1, ["arc"], old)
    server.ask("rename", "arc", "arc (old, by playlist-builder)")
    assert push(session(old[::-1]), server.target).code == 0
    assert (server.names(), server.held()) == (["arc"], old[::-1])


def test_the_queue_is_replaced_with_its_settings(server, push, session, music, new, old):
    server.ask("random", 1)
    options = ("--queue", "--crossfade", "4", "--replay-gain", "album", "--map", f"{music}=")
    for order in (old, new):
        done = push(session(order), server.target, *options)
        assert (done.code, done.json["name"], done.json["pushed"]) == (0, None, len(order))
        assert [row["file"] for row in server.ask("playlistinfo")] == order
    status = server.ask("status")
    assert (status["xfade"], status["random"]) == ("4", "0")
    assert server.ask("replay_gain_status") in ("album", {"replay_gain_mode": "album"})
    assert server.names() == []


def test_a_queue_that_cannot_be_filled_is_as_it_was(server, names, old):
    for before in ([], old):
        for name in before:
            server.ask("add", name)
        with mpd.opened(parse_address(server.target)) as player:
            with pytest.raises(ServerError, match=r"gone\.flac|No such") as caught:
                player.enqueue([*names, "gone.flac"], None, None)
            assert str(caught.value).endswith("The queue is as it was.")
        assert [row["file"] for row in server.ask("playlistinfo")] == before


def test_all_tracks_are_read_page_by_page(server, monkeypatch, names):
    monkeypatch.setattr(mpd, "PAGE", 5)
    with mpd.opened(parse_address(server.target)) as player:
        keys = [each.key for each in player.list_all()]
    assert sorted(keys) == sorted([*names, "#1.flac"])


def test_a_password_is_given_where_one_is_needed(server, push, session, old, secret):
    server.kill()
    server.start('password "secret&#@read,add,control,admin"\ndefault_permissions ""')
    server.eventually(server.listens, "MPD to listen")
    assert push(session(old), server.target, password="", MPD_PASSWORD="secret&#").code == 0
    assert push(session(old), server.target, password="secret&#").code == 0
    wrong = push(session(old), server.target)
    assert (wrong.code, len(wrong.lines)) == (1, 1)
    assert "does not take this password" in wrong.lines[0]
    none = push(session(old), server.target, password="")
    assert (none.code, len(none.lines)) == (1, 1)
    assert "MPD_PASSWORD" in none.lines[0]
    url = push(session(old), f"mpd://:{secret.split()[0]}@127.0.0.1:{server.port}")
    assert (url.code, len(url.lines)) == (1, 1)


def test_the_old_playlist_outlives_the_server(server, push, session, music, proxy, new, old):
    """MPD is killed at every kind of command: the old playlist, or the new one, is there whole."""
    between = proxy(server.port, lines)
    target, folder = f"mpd://127.0.0.1:{between.port}", ("--map", f"{music}=")
    push(session(old), target, *folder)
    between.arm(None, None)
    assert push(session(new), target, *folder).code == 0
    said = [constraints.split(b" ")[0].strip() for constraints in between.requests]
    moments = [
        place
        for place, word in enumerate(said)
        if word not in {b"find", b"playlistadd", b"command_list_ok_begin"}
    ]
    moments += [said.index(b"playlistadd"), said.index(b"playlistadd") + 6]
    swap = max(
        place
        for place, word in enumerate(said)
        if word == b"command_list_ok_begin" and said[place + 1] == b"rename"
    )
    outcomes = []
    for number, moment in enumerate(moments):
        server.reset(old)
        late = number % 2 == 1
        between.arm(moment, server.kill, late=late)
        done = push(session(new), target, *folder)
        assert between.killed.wait(PATIENCE_S)
        server.start()
        held = server.held()
        assert held in (old, new), said[moment]
        if moment <= swap:
            assert (held, done.code) == (old, 1)
        if done.code:
            assert len(done.lines) == 1, done.lines
            assert str(between.port) in done.lines[0]
        outcomes.append(done.code)
        assert push(session(new), server.target, *folder).code == 0
        assert (server.names(), server.held()) == (["arc"], new)
    assert outcomes.count(1) >= 8
