"""Real Latin-1 is never touched; what was written in another code page comes back."""
# ruff: noqa: RUF001 - the quotes and dashes of cp1252 are what is tested

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.tags.mojibake import repair


def misread(text, code_page):
    return text.encode(code_page).decode("latin-1")


WESTERN = [
    "Björk",
    "Sigur Rós",
    "Ágætis byrjun",
    "Svefn-g-englar",
    "Café",
    "Où est passée l'âme ?",
    "L'été indien à Orléans",
    "Für Elise",
    "Großer Überfluß",
    "¿Dónde está el corazón?",
    "El Niño - Canción",
    "Ólafur Arnalds - Þú ert jörðin",
    "Trentemøller - Ænglefår",
    "Håkan Hellström",
    "«Più è meglio»",
    "Ñandú",
    "ÀÉÎÕÜ",
]
WINDOWS = [
    "Don’t Stop",
    "“Heroes”",
    "Rock ’n’ Roll",
    "L’été à l’école",
    "D’écrire l’école",
    "Cœur de sœur",
    "Œuvre",
    "Žižek",
    "Šašek",
    "Žižkovská",
    "‚Österreich‘",
    "PERÒ…",
    "Ø’s",
    "Wait…",
    "‘kär’…",
    "A – B — C",
    "5 €",
]
JAPANESE = [
    "さくら",
    "サクラ",
    "となりのトトロ",
    "戦場のメリークリスマス",
    "久石譲",
    "坂本龍一",
    "交響曲第九番",
    "月光 (Moonlight)",
    "千と千尋の神隠し",
    "海の見える街",
    "風の谷のナウシカ ~オープニング~",
    "「夢」",
    "愛・地球",
    "もののけ姫 feat. Bob",
]


@pytest.mark.parametrize("text", WESTERN)
def test_real_latin1_stays(text):
    assert repair([text]) == [text]


@pytest.mark.parametrize("text", WESTERN + WINDOWS)
def test_windows_punctuation_comes_back(text):
    assert repair([misread(text, "cp1252")]) == [text]


@pytest.mark.parametrize("text", JAPANESE)
def test_shift_jis_comes_back(text):
    assert repair([misread(text, "cp932")]) == [text]


@pytest.mark.parametrize("text", [*WESTERN, *JAPANESE, "Ω", "Музыка", "음악", "Πάνω", "🎵"])
def test_utf8_comes_back(text):
    assert repair([misread(text, "utf-8")]) == [text]


def test_a_doubtful_text_follows_its_neighbours():
    """The bytes of 本 are also a dash and a brace in cp1252."""
    texts = ["本", "森", "となりのトトロ", "Track 1"]
    assert repair([misread(text, "cp932") for text in texts]) == texts


def test_neighbours_do_not_harm_real_latin1():
    assert repair(["Björk", misread("となりのトトロ", "cp932")]) == ["Björk", "となりのトトロ"]


@pytest.mark.parametrize(("code_page", "kept"), [("utf-8", 9), ("cp932", 14)])
def test_a_character_cut_in_two_is_dropped(code_page, kept):
    """ID3v1 cuts after a number of bytes, here 29."""
    text = "海の見える街の港の夜に会いましょう"
    cut = text.encode(code_page)[:29].decode("latin-1")
    assert repair([cut]) == [text[:kept]]


@given(st.lists(st.text(st.characters(max_codepoint=0x7F))))
def test_ascii_stays(texts):
    assert repair(texts) == texts


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))
def test_latin1_without_control_characters_is_only_ever_read_as_utf8(text):
    (got,) = repair([text])
    assert got in {text, text.encode("latin-1").decode("utf-8", "ignore")}


@given(st.lists(st.text()))
def test_no_text_is_lost_or_fails(texts):
    assert len(repair(texts)) == len(texts)


@given(st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x3093), min_size=2, max_size=40))
def test_any_hiragana_comes_back(text):
    assert repair([misread(text, "cp932")]) == [text]
