"""Only words that are sung are lyrics, whatever else players and taggers write there."""

import pytest

from playlist_builder.tags.lyrics import are_lyrics

PLACEHOLDERS = (
    *("", " \r\n ", "Instrumental", "[instrumental]", "(Instrumental)", "[au: instrumental]"),
    *("[00:00.00] Instrumental", "[Instrumental Track]", "This song is an instrumental"),
    *("This track is instrumental.", "*** Instrumental ***", "(Instrumental music only)"),
    *("No lyrics found", "No lyrics available", "Lyrics not found.", "Sorry, no lyrics available"),
    *("There are no lyrics for this song", "We do not have the lyrics for this song yet", "N/A"),
    *("♪", "♪♪♪", "[00:00.00]♪", "-", "...", "~ ~ ~", "🎵 🎵", "unknown", "[00:01.00]\n[00:03.00]"),
    *(
        "纯音乐\uff0c请欣赏",
        "純音樂\uff0c請欣賞",
        "[00:00.00]纯音乐\uff0c请您欣赏",
        "此歌曲为没有填词的纯音乐\uff0c请您欣赏",
    ),
    *(
        "暂无歌词",
        "インストゥルメンタル",
        "インスト",
        "歌詞なし",
        "歌詞はありません",
        "この曲はインストゥルメンタルです",
    ),
    *("연주곡", "가사 없음", "가사가 없습니다", "Instrumentalstück", "Kein Text vorhanden"),
    *("Dies ist ein Instrumentalstück", "Keine Lyrics gefunden", "Instrumentale", "Pas de paroles"),
    *("Morceau instrumental", "Aucune parole trouvée", "Sin letra", "Tema instrumental"),
    *("No se encontró la letra", "Sem letra", "Faixa instrumental", "Brano strumentale"),
    *("Testo non disponibile", "Instrumentaal nummer", "Geen songtekst beschikbaar"),
    *("Utwór instrumentalny", "Brak tekstu", "Инструментал", "Инструментальная композиция"),
    *("Текст песни не найден", "Без слов", "Bez textu, instrumentální skladba"),
    *("la", "oh", "Ooh ooh", "Moonlight Sonata", "月光"),
    *("[00:00.00]作词 : 无\n[00:01.00]作曲 : 久石譲\n[00:02.00]编曲 : 久石譲",),
    *("[ti:Rain]\n[ar:Somebody]\n[00:00.00]Rain - Somebody\n[00:02.00]Composed by:Some Body",),
    *("Written by A. Composer\nProduced by The Producer of Music\n(C) 2010 A Label of Records",),
    *("[00:00.00] 作曲 : A B\n[00:01.00]纯音乐\uff0c请欣赏",),
    *("Lyrics licensed & provided by LyricFind", "Lyrics by: nobody at all, whoever it was"),
)
WORDS = (
    *("Instrumental break, then I sing", "la la la la la, we go on singing"),
    *("[00:12.00]I walk alone\n[00:15.00]in the rain", "There is no song that I would not sing"),
    *("さくらさくら 野山も里も", "月亮代表我的心", "Ich hab mein Herz in Heidelberg verloren"),
    *("[Instrumental intro]\nAll the leaves are brown\nAnd the sky is grey",),
    *(
        "作词 : A\n作曲 : B\n你问我爱你有多深",
        "Non, je ne regrette rien de rien",
        "아리랑 아리랑 아라리요 고개로",
    ),
    *("Song - Artist\nAll the leaves are brown", "<00:01.00>All <00:02.00>the leaves are brown"),
)


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_what_is_written_in_place_of_lyrics_is_none(text):
    assert not are_lyrics(text)


@pytest.mark.parametrize("text", WORDS)
def test_words_are_lyrics(text):
    assert are_lyrics(text)
    assert are_lyrics(f"[ar:Somebody]\n[00:00.00]{text}\n♪\n")
