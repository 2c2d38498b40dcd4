# ruff: noqa: RUF001 - names in the letters of their languages
"""Artists bind rules under any spelling of their names; placeholders in any language do not."""

from dataclasses import replace

import pytest

from playlist_builder.models import Tags
from playlist_builder.tracks.artists import artists, is_nobody
from tests.support.synthetic import plain

PLACEHOLDERS = """
    V.A.; VA; V/A; v. a.; Various; Various Artists; VARIOUS ARTISTS; [Various Artists]; Varios
    Artistas; Artistes divers; Artistes Divers; Interprètes divers; Verschiedene Interpreten;
    Diverse Interpreten; Verschiedene Künstler; Artisti Vari; AA.VV.; Autori vari; Vários Artistas;
    Vários intérpretes; Diverse artiesten; Diverse Artister; Diverse kunstnere; Eri esittäjiä;
    Różni wykonawcy; Různí interpreti; Különböző előadók; Разные исполнители; Διάφοροι Καλλιτέχνες;
    Çeşitli Sanatçılar; オムニバス; ヴァリアス・アーティスト; V.A; 群星; 合輯; 여러 아티스트;
    [no artist]; No Artist; [unknown]; <unknown>; Unknown; Unknown Artist; unknown artist;
    [Unknown Artist]; Artist Unknown; Unknown Performer; Unbekannter Künstler; Unbekannter
    Interpret;
    Artiste inconnu; Artista desconocido; Artista desconhecido; Artista sconosciuto; Onbekende
    artiest; Okänd artist; Ukjent artist; Ukendt kunstner; Tuntematon esittäjä; Nieznany wykonawca;
    Neznámý interpret; Ismeretlen előadó; Неизвестный исполнитель; Άγνωστος καλλιτέχνης;
    Bilinmeyen Sanatçı; 不明なアーティスト; アーティスト不明; 未知艺术家;
    未知歌手; 알 수 없는 아티스트;
    [anonymous]; Anonymous; [traditional]; n/a; N/A; None; ?; -; --; ???
"""
SOMEBODY = """
    Brian Eno; The The; Air; NO; Eri; The Artist; Various Production; !!!; M83; Nils Frahm;
    Anonymous 4;
    The Unknown; Group; 坂本龍一; Ólafur Arnalds; Can; A; V; Nobody; Sin; Unknown Mortal Orchestra
"""


def names(text):
    return [" ".join(name.split()) for name in text.split(";")]


@pytest.mark.parametrize("name", ["", "  ", *names(PLACEHOLDERS)])
def test_a_placeholder_is_nobody(name):
    assert is_nobody(name)


@pytest.mark.parametrize("name", names(SOMEBODY))
def test_a_name_is_somebody(name):
    assert not is_nobody(name)


def test_artists_compare_without_case_and_marks_and_nobody_is_left_out():
    given = ("Brian ENO", "Unknown Artist", "", "Guns N\u2019 Roses", "Guns N' Roses")
    assert artists(replace(plain(0), tags=Tags(artists=given))) == {"brian eno", "guns n roses"}
