"""`export --without-files` and `resolve`: a session goes to another library and comes back."""

import json

from playlist_builder.library.library import Library
from playlist_builder.models import Mark


def test_a_session_travels_without_files_and_comes_home(made_up, tmp_path):
    made_up("build arc --duration 15m --name evening -o e.m3u8")
    made_up("export evening --without-files -o e.jspf -o e.xspf -o e.csv")
    assert "Music" not in (tmp_path / "e.jspf").read_text()
    made_up("export evening -o s.json")
    assert made_up("check e.jspf", code=1).stderr.count("playlist-builder resolve") == 1
    before = json.loads((tmp_path / "s.json").read_text())
    with Library.open(tmp_path / "l.db") as library:
        library.mark(before["slots"][1]["identity"], Mark(banned=True))
    done = made_up("resolve e.jspf --name again -o again.m3u8 --json")
    found = json.loads(done.stdout)
    assert len(found["matches"]) == len(before["slots"]) - 1
    (offer,) = found["offers"]
    assert (offer["number"], len(offer["paths"])) == (2, 3)
    assert f"2  {before['slots'][1]['artist']}" in done.stderr
    assert found["slots"][1]["path"] == offer["paths"][0]
    assert (tmp_path / "again.m3u8").exists()
    assert "again" in made_up("sessions").stdout


def test_a_shared_list_follows_a_change_and_still_names_no_file(made_up, tmp_path):
    made_up("build steady --duration 10m --name e")
    made_up("export e --without-files -o e.xspf")
    before = (tmp_path / "e.xspf").read_text()
    made_up("drop e 2")
    after = (tmp_path / "e.xspf").read_text()
    assert before != after
    assert "location" not in after
    assert not (tmp_path / "e.spares.m3u8").exists()
    made_up("report e.xspf")


def test_what_cannot_be_is_one_line(made_up, tmp_path):
    made_up("build steady --duration 10m --name e")
    done = made_up("export e --without-files -o e.m3u8", code=1)
    assert "Let it end in .xspf, .jspf or .csv" in done.stderr
    assert (
        "--without-files" in made_up("export e --without-files --absolute -o e.jspf", code=2).stderr
    )
    (tmp_path / "bad.jspf").write_text("{")
    assert "not sound JSON" in made_up("resolve bad.jspf", code=1).stderr
