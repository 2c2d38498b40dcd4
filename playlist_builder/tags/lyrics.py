"""Whether a text given as lyrics, plain or LRC, has words that are sung. Pure.

Taggers and players write much else there: that a track is instrumental, that no lyrics were found,
a symbol, or who made the track. Such lines are left out by the words of which they consist, in
English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, Czech, Swedish, Russian,
Chinese, Japanese and Korean; what is left are lyrics from `LEAST_WORDS` on.
"""

import re
from functools import cache

from playlist_builder.language.text import folded

LYRICS_VERSION = 2  # raise it where a text may be read in another way: tags are then read again
LEAST_WORDS = 4  # fewer are a title, a name or a mark
CHARACTERS_A_WORD = 1.5  # in Chinese and Japanese
MOST_TITLE_WORDS = 14  # of a first line of LRC that names title and artist
_LRC_HEADER = re.compile(r"^\s*\[[a-z#]+:[^\]]*\]\s*$", re.IGNORECASE | re.MULTILINE)
_LRC_TIME = re.compile(r"[\[<][\d:.]+[\]>]")
_SHORT_HEADER = re.compile(r"^\s*\[au:\s*instrumental\]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_IDEOGRAPH = r"[\u3040-\u30ff\u3400-\u9fff]"  # compiled when a text is there, as it takes long
_LINK = re.compile(
    r"https?://|www\.|\b\w+\.(?:com|net|org|de|fr|jp|cn|ru)\b|©|℗|\(c\)|copyright"
    r"|lyricfind|musixmatch|lrclib|genius|azlyrics|qq音乐|网易云"
)
# A line is no lyrics where it has one of these and no word beside them and `_AROUND`.
_MARKS = """
    instrumental instrumentals instrumentale instrumentales instrumentaal instrumentalmusik
    instrumentalstück instrumentalne instrumentalny instrumentalna strumentale strumentali
    instrumentální инструментал инструментальная инструментальный инструментальное
    инструментальные karaoke lyrics lyric letra letras paroles testo testi liedtext songtext
    songtexte text texte texto tekst teksten tekstu słów słowa songteksten слов слова текст
    текста textu vocals vocal voice n/a unavailable unknown untitled null empty
"""
_AROUND = """
    a an the this that is are it its there has have had been be to do does we i us our you
    and or of for in on at by with without no not none non yet any only all pure just from
    song track tune piece music recording version title album composition break solo
    interlude intro outro part section bridge sorry found available missing known exist
    exists released added provided submitted contain contains please enjoy listen listening
    words word licensed license restrictions due display could couldn't can't don't doesn't
    isn't unfortunately currently das der die ein eine dies dieses dieser ist sind hat keine
    kein keinen ohne nicht gefunden vorhanden verfügbar stück lied titel musik und wurde
    wurden es gibt für zu diesem leider reine reines le la les un une ce cette cet est sont
    pas de des du sans aucun aucune trouvé trouvée trouvées disponible disponibles morceau
    chanson musique titre pour y il c'est n'est n'a désolé el los las esta este sin se
    encontró encontrada encontraron hay tema canción pieza música para lo siento ninguna o
    os as um uma sem não há encontradas faixa é canção disponíveis tem gli uno una questo
    questa è senza trovato trovati disponibile disponibili brano canzone musica per nessun
    ci sono parole dit een geen zonder niet gevonden beschikbaar nummer muziek voor zijn er
    het jest utwór bez nie ma brak znaleziono muzyka utworu dla tego dostępny это эта этот
    без нет не найден найдена найдены композиция песня песни трек музыка мелодия для
    отсутствует отсутствуют в к toto je skladba píseň nenalezen žádný hudba den det låt
    ingen inget inga utan hittades
"""
# Chinese, Japanese and Korean, which are not parted by spaces; longer ones first.
_CJK_MARKS = (
    *("インストゥルメンタル", "インストルメンタル", "インスト", "歌詞なし", "歌詞はありません"),
    *("歌詞", "歌词", "填词", "填詞", "纯音乐", "純音樂", "纯音樂", "轻音乐", "輕音樂", "伴奏"),
    *("器乐", "器樂", "カラオケ", "ボーカルなし", "演奏曲", "演奏"),
    *("연주곡", "가사", "경음악", "인스트루멘탈", "반주"),
)
_CJK_AROUND = (
    *("此歌曲为", "此歌曲為", "此歌曲", "这首歌", "這首歌", "本曲", "此曲", "歌曲", "暂时", "暫時"),
    *("没有", "沒有", "暂无", "暫無", "未找到", "找不到", "请您", "請您", "请", "請", "您", "欣赏"),
    *("欣賞", "尚无", "抱歉", "无", "無", "的", "为", "為", "是", "これは", "この曲", "ありません"),
    *("見つかりません", "登録されていません", "です", "この", "なし", "曲", "は", "が", "の", "に"),
    *(
        "이 곡은",
        "이 노래는",
        "이",
        "곡은",
        "곡",
        "노래",
        "입니다",
        "없습니다",
        "없음",
        "없는",
        "음악",
    ),
    *("가", "는", "은"),
)
_ROLES = r"""
    (?:music|lyrics?|words|vocals?|songs?|melody|text|all\ instruments)?\s*(?:&|and|\+|/)?\s*
    (?:lyrics?|words|music|lyricist|songwriters?|writers?|written|composers?|composed|composition
    |arrangers?|arranged|arrangement|(?:executive\ )?producers?|produced|production|mix(?:ed|ing)?
    |master(?:ed|ing)?|engineers?|engineered|recorded|recording|performed|performers?|vocals?|singer
    |artists?|title|album|track|guitars?|bass|drums|piano|keyboards?|strings|violin|publisher|label
    |published|copyright|isrc|subtitles?|translated|transcribed|programming|director|conductor
    |komponist|musik|text|texter|produzent|auteurs?|compositeurs?|paroles|musique|réalisation
    |letra|música|compositor(?:es)?|autor(?:es)?|productor|arreglos|produção|testo|musica|autore
    |compositore|muziek|tekst|muzyka|słowa|слова|музыка|автор|композитор|исполнитель|аранжировка
    |作词|作詞|词|詞|作曲|曲|编曲|編曲|制作人?|製作人?|监制|監製|演唱|歌手|歌|唄|演奏|混音|母带|录音
    |錄音|和声|吉他|贝斯|鼓|钢琴|企划|策划|出品|发行|專輯|专辑|原唱|翻唱|作词/作曲|词曲|詞曲
    |작사|작곡|편곡|노래|가수|앨범|op|sp)
"""
_CREDIT = rf"\s*{_ROLES}[^:]{{0,20}}\s*:|\s*{_ROLES}\s+(?:by|von|par|por|di|door)\b"


def are_lyrics(text: str) -> bool:
    """Whether a text has words of its own beside what players write in place of lyrics."""
    is_timed = _LRC_TIME.search(text) is not None
    lines = _LRC_TIME.sub("", _LRC_HEADER.sub("", _SHORT_HEADER.sub("", text))).splitlines()
    lines = [folded(line).strip() for line in lines]
    lines = [line for line in lines if line]
    if is_timed and lines and _names_title(lines[0]):
        lines = lines[1:]
    words = 0.0
    for line in lines:
        if not _is_placeholder(line) and not _is_credit(line):
            words += _count(line)
            if words >= LEAST_WORDS:
                return True
    return False


def _count(line: str) -> float:
    spaced = len(_WORD.findall(re.sub(_IDEOGRAPH, " ", line)))
    return spaced + len(re.findall(_IDEOGRAPH, line)) / CHARACTERS_A_WORD


def _names_title(line: str) -> bool:
    return re.search(r"\S\s+-\s+\S", line) is not None and _count(line) <= MOST_TITLE_WORDS


def _is_credit(line: str) -> bool:
    return _LINK.search(line) is not None or _credit().match(line) is not None


def _is_placeholder(line: str) -> bool:
    """Whether a line consists of marks and of words that stand around them."""
    if line.strip("[]()【】*.- ") in _vocabulary()[0]:
        return True
    rest, marks = _cjk()[0].subn(" ", line)
    rest = _cjk()[1].sub(" ", rest)
    known_marks, around = _vocabulary()
    words = _WORD.findall(rest)
    is_marked = marks > 0 or any(word in known_marks for word in words)
    return is_marked and all(word in known_marks or word in around for word in words)


@cache
def _credit() -> re.Pattern[str]:
    return re.compile(_CREDIT, re.VERBOSE)


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(folded(_MARKS).split()), frozenset(folded(_AROUND).split())


@cache
def _cjk() -> tuple[re.Pattern[str], re.Pattern[str]]:
    marks, around = (
        re.compile("|".join(re.escape(folded(each)) for each in sorted(some, key=len)[::-1]))
        for some in (_CJK_MARKS, _CJK_AROUND)
    )
    return marks, around
