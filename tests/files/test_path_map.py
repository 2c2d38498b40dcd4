"""FROM=TO: which `=` separates the two, and where a path of here lies there."""

import os

import pytest

from playlist_builder.errors import RequestError
from playlist_builder.files.path_map import PathMap, best_map, is_path_root


@pytest.mark.parametrize(
    ("path", "maps", "expected"),
    [
        ("/m/a.flac", [], None),
        ("/m/a.flac", ["/m="], "a.flac"),
        ("/m/a.flac", ["/m/=/srv/"], "/srv/a.flac"),
        ("/m/a.flac", ["/m=/"], "/a.flac"),
        ("/m/a.flac", ["/=x"], "x/m/a.flac"),
        ("/music/a.flac", ["/m=x"], None),
        ("/m/in/a.flac", ["/m=x", "/m/in=y"], "y/a.flac"),
        ("/m/in/a.flac", ["/m/in=y", "/m=x"], "y/a.flac"),
        ("/m/a=b.flac", ["/m=x"], "x/a=b.flac"),
        ("/m=n/a.flac", ["/m=n=/x"], "/x/a.flac"),
        ("/m/a.flac", ["/m=D:\\Music"], "D:/Music/a.flac"),
        ("/m/a.flac", ["/m=smb://nas/music/"], "smb://nas/music/a.flac"),
        ("C:\\Music\\a.flac", ["C:\\Music=m"], "m/a.flac"),
        ("C:\\Music\\a.flac", ["C:/Music="], "a.flac"),
        ("/m/back\\slash.flac", ["/m="], "back\\slash.flac"),
    ],
)
def test_a_path_is_mapped_by_the_longest_folder(path, maps, expected):
    found = best_map(path, [PathMap.parse(each) for each in maps])
    assert (found and found.apply(path)) == expected


@pytest.mark.parametrize("text", ["", "=", "/m", "=x", "=/x"])
def test_what_maps_no_folder_is_refused(text):
    with pytest.raises(RequestError, match="FROM=TO"):
        PathMap.parse(text)


@pytest.mark.parametrize("text", ["/m=", "/m=x", "/m=n=x"])
def test_a_whole_path_can_be_demanded(text):
    with pytest.raises(RequestError, match="TO in full"):
        PathMap.parse(text, absolute=True)


def test_from_may_be_relative(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    assert PathMap.parse("music=/x") == PathMap(f"{os.getcwd()}/music", "/x")  # noqa: PTH109
    assert PathMap.parse("~/Music/=/x").here == "/home/ada/Music"


@pytest.mark.parametrize(
    ("there", "expected"), [("D:\\M", True), ("\\\\nas\\m", True), ("D:/M", False), ("/m", False)]
)
def test_backslashes_of_windows_are_known(there, expected):
    assert PathMap("/m", there).has_backslashes is expected


@pytest.mark.parametrize(
    ("text", "is_root"),
    [
        ("/m", True),
        ("D:\\", True),
        ("\\\\nas\\m", True),
        ("nfs://nas", True),
        ("m", False),
        ("", False),
    ],
)
def test_a_path_root_is_absolute_on_some_system(text, is_root):
    assert is_path_root(text) == is_root
