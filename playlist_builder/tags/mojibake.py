"""Texts of a tag that is declared as Latin-1 to the texts in their real encoding. Pure.

ID3v1, ID3v2 in encoding 0 and RIFF INFO cannot name a code page, so programs wrote the one of
their system. Recognised are UTF-8, cp932 (Shift-JIS) and cp1252. Others are not guessed: the bytes
of cp1251, GBK, EUC-KR and half-width katakana are all characters of Latin-1, so a guess could
damage a correct title. The bytes 80..9F are no characters in Latin-1: a text without them is only
ever decoded as UTF-8, and real Latin-1 does not form UTF-8 by chance.
"""

import codecs
import re
from collections.abc import Sequence

# Not compiled before a text has need of them: most have not, and a scan loads this each time.
_NOT_ASCII = r"[^\x00-\x7f]"
_NOT_LATIN1 = r"[\x80-\x9f]"
_ASCII_LETTER = r"[A-Za-z]"
_KANA = r"[\u3041-\u30ff]"
_KANA_OR_KANJI = r"[\u3041-\u30ff\u4e00-\u9fff]"
_KANJI_RUN = r"[\u4e00-\u9fff]{2,}"
_LAST_ASCII = 0x7F
_SECOND_LEVEL = 0xE0  # first bytes from here on are also à, é, ö
_LONG_RUN = 3
_LAST_LATIN = "\u017f"
_LAST_OF_TWO_BYTES = "\u07ff"  # in UTF-8
# What cp932 decodes undefined bytes to: private use, and 80 as a control.
_NO_CHARACTER = r"[\x80\ue000-\uf8ff]"


def repair(texts: Sequence[str]) -> list[str]:
    """Return the repaired texts of one tag, in their order.

    They share a code page, because one program wrote them: a title of one kanji is recognised by
    the kana of its album. A text that was cut inside its last character, as ID3v1 does after 30
    bytes, loses that character.
    """
    if all(map(str.isascii, texts)):
        return list(texts)
    japanese = any(_is_japanese(text) for text in texts)
    return [_repaired(text, japanese=japanese) for text in texts]


def _repaired(text: str, *, japanese: bool) -> str:
    if (read := _decoded(text, "utf-8")) is not None and _is_credible(read):
        return read
    if not re.search(_NOT_LATIN1, text):
        return text
    if japanese and (read := _decoded(text, "cp932")) is not None:
        return read
    return _decoded(text, "cp1252") or text


def _is_credible(read: str) -> bool:
    """Whether a text decoded as UTF-8 is not a coincidence such as "PERÒ…" in cp1252.

    A single character of two bytes among western letters has to be western itself.
    """
    beyond = re.findall(_NOT_ASCII, read)
    by_chance = len(beyond) == 1 and _LAST_LATIN < beyond[0] <= _LAST_OF_TWO_BYTES
    return bool(beyond) and not (by_chance and re.search(_ASCII_LETTER, read))


def _is_japanese(text: str) -> bool:
    """Whether the text is certainly cp932 and not cp1252.

    cp1252 has quotes, dashes and letters such as Š in 80..9F. With the next letter they decode as
    one kanji ("œu"), or as two in "Žižek", so it takes kana, or neighbouring kanji whose second
    bytes are not the ASCII letters of a western word.
    """
    if not re.search(_NOT_LATIN1, text) or (read := _decoded(text, "cp932")) is None:
        return False
    if _decoded(text, "cp1252") is None:
        return re.search(_KANA_OR_KANJI, read) is not None
    kana = len(re.findall(_KANA, read))
    if kana > 1 or (kana and not re.search(_ASCII_LETTER, read)):
        return True
    return any(map(_is_dense, re.findall(_KANJI_RUN, read)))


def _is_dense(kanji: str) -> bool:
    raw = kanji.encode("cp932")
    firsts = raw[::2]
    pairs = zip(firsts, raw[1::2], strict=True)
    telling = sum(first < _SECOND_LEVEL and second > _LAST_ASCII for first, second in pairs)
    return telling > 1 or (telling == 1 and len(kanji) >= _LONG_RUN and max(firsts) < _SECOND_LEVEL)


def _decoded(text: str, code_page: str) -> str | None:
    """Return the bytes of a Latin-1 text decoded in a code page, None where they are not valid."""
    try:
        read = codecs.getincrementaldecoder(code_page)().decode(text.encode("latin-1"))
    except UnicodeError:
        return None
    return None if re.search(_NO_CHARACTER, read) else read
