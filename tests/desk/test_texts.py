"""The texts of the page: what its scripts ask for is there, and nothing else."""

import re
from importlib.resources import files

from playlist_builder.desk.texts import TEXTS

CHOSEN = {  # by names that scripts put together
    *("voice_none", "voice_wordless", "voice_sung", "voice_spoken", "no_undo", "no_redo"),
    *(f"{what}_of" for what in ("grip", "play", "join", "swap", "pin", "drop", "more", "insert")),
}


def scripts():
    """The scripts of the page, by name."""
    folder = files("playlist_builder.desk").joinpath("static")
    return {
        each.name: each.read_text(encoding="utf-8")
        for each in folder.iterdir()
        if each.name.endswith(".js")
    }


def test_each_text_that_a_script_asks_for_is_there():
    for name, source in scripts().items():
        asked = set(re.findall(r'\btext\(\s*"(\w+)"', source))
        assert asked <= TEXTS.keys(), (name, asked - TEXTS.keys())
    assert TEXTS.keys() >= CHOSEN
