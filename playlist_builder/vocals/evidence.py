"""Evidence that a track is sung, spoken or neither, and what follows from all of it.

Every piece of evidence is a log-odds that somebody sings or speaks (positive) or that nobody does
(negative); they are added, so that no single careless tag decides, and all of them can be shown.
Only the user's mark decides alone. From `DECISIVE` on there is a verdict; below, it is `unknown`,
never `none`.

Voice without words is `wordless` where a title says so ("Vocalise", "humming") and nothing speaks
of words, or where the language tag is `zxx` (no linguistic content) and singing is heard.

The weights are judgement. Lyrics in the file outweigh everything. Of all that tags say against a
voice only the strongest counts, since one careless hand writes them all, and it never outweighs a
voice that was heard: a sung track called "instrumental" would do harm.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from playlist_builder.models import Mark, Tags, Vocals, VoiceDetection
from playlist_builder.text import clock, folded

EVIDENCE_VERSION = 1
"""Raise it when the same tags get other evidence, by phrases or weights: libraries then weigh all
tags again, without reading a file."""

NO_WORDS = "zxx"  # ISO 639-2: no linguistic content

LYRICS, SINGER, TITLE, GENRE, REMARK, LYRICIST = 12.0, 5.0, 3.0, 2.0, 1.5, 1.0
"""Weights by where the words stand: REMARK is a mood or comment."""
LANGUAGE = 3.0
MOST_BRAINZ = 2.0
"""Most that AcousticBrainz's chance of a voice weighs: its classifier mistakes pads for voices."""
LEAST_VOICE, MOST_HEARD = 4.5, 6.0
"""A voice that is heard weighs more than TITLE and DECISIVE together, however short it is."""
DECISIVE = 1.0

Says = Literal["sung", "spoken", "wordless", "none"]

_PHRASES: dict[Says, tuple[str, ...]] = {
    "none": (
        r"(?<!not )(?<!non[- ])instrumentals?",
        r"karaoke|backing track|minus one|vocals? (?:removed|off)",
        r"(?:no|non|without|w/o|minus|off)[- ]?(?:vocals?|voice|lyrics|singing|words)",
        r"instrumental(?:fassung|version|musik)|ohne (?:gesang|stimme|worte|text)",
        r"sans (?:paroles|voix|chant)|instrumentales?",
        r"sin (?:voz|voces|letra|palabras)|pista de acompañamiento",
        r"インスト(?:ゥルメンタル|ルメンタル)?|カラオケ|オフ[・ ]?ボーカル|歌なし|伴奏",
    ),
    "wordless": (
        r"vocali[sz]es?|wordless|humming|hummed",
        r"summchor|gesummt|bouche fermée|bocca chiusa|boca cerrada|tarareo",
        r"ハミング|ヴォカリーズ|ボカリーズ",
    ),
    "spoken": (
        r"spoken[- ](?:word|intro)|audio ?books?|podcast",
        r"guided (?:\w+ )?(?:meditation|relaxation|visuali[sz]ation|imagery)",
        r"narrat(?:ion|ed)|interview|speech|sermon|lecture|announcement",
        r"hörbuch|hörspiel|geführte meditation|gesprochen|ansage|lesung",
        r"livre audio|méditation guidée|texte lu",
        r"audiolibro|meditación guiada|hablado|narrado",
        r"朗読|語り|ナレーション|オーディオブック|誘導瞑想|講演",
    ),
    "sung": (
        r"a ?cc?app?ella|vocals?|vocalists?|sung by|singing|singer[- ]?songwriter|lyrics",
        r"mit gesang|gesungen",
        r"avec (?:paroles|voix)|chantée?",
        r"con (?:voz|letra)|cantad[oa]",
        r"ボーカル(?:入り|版|曲)?|ヴォーカル|歌入り|歌もの",
    ),
}
"""In English, German, French, Spanish and Japanese; the first kind that is found counts, so that
"no vocals" says nothing of vocals."""
_SUNG_GENRES = (
    r"opera|oper|opéra|ópera|choral|choir|chor|chœur|coro",
    r"chanson|lied(?:er)?|canción|vocal .*|rap|hip[- ]?hop",
    r"歌曲|合唱|オペラ",
)
"""What is sung as a genre, though not as a title: a chorale may be for organ."""


def _compiled(phrases: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Japanese does not part words; elsewhere a phrase has to stand between them."""
    return tuple(
        re.compile(rf"(?<!\w)(?:{phrase})(?!\w)" if re.search(r"[a-z]", phrase) else phrase)
        for phrase in phrases
    )


_Words = tuple[tuple[Says, tuple[re.Pattern[str], ...]], ...]


# Made when they are first asked for: most commands read no tag.
@cache
def _any() -> re.Pattern[str]:
    """Most texts hold none of the phrases, and this tells so at once."""
    every = [phrase for phrases in (*_PHRASES.values(), _SUNG_GENRES) for phrase in phrases]
    parted = "|".join(phrase for phrase in every if re.search(r"[a-z]", phrase))
    joined = "|".join(phrase for phrase in every if not re.search(r"[a-z]", phrase))
    return re.compile(rf"(?<!\w)(?:{parted})(?!\w)|{joined}")


@cache
def _words() -> _Words:
    return tuple((says, _compiled(phrases)) for says, phrases in _PHRASES.items())


@cache
def _genres() -> _Words:
    return (*_words(), ("sung", _compiled(_SUNG_GENRES)))


_SINGING = re.compile(
    r"\b(?:vocals?|voice|sing(?:er|ing)|choir|rap|gesang|chant|voz|coro|chor)\b|歌|ボーカル"
    # A tenor sings, a tenor saxophone does not.
    r"|\b(?:soprano|mezzo|contralto|tenor|baritone)\b(?!\s+(?!vocal|voice)\w)"
)
_SPEAKING = re.compile(r"\b(?:narrat\w+|spoken|recit\w+|speech|speaker)\b")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to believe in a voice or in none: where it stands, what it says, log-odds."""

    source: str
    says: Vocals
    weight: float
    words: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all evidence comes to, the strongest first; `confidence` is 0.5 to 1."""

    vocals: Vocals
    confidence: float
    evidence: tuple[Evidence, ...]


class TagEvidence(NamedTuple):
    """What the tags of a file come to, as log-odds: all that a verdict has to know of them.

    `against` is the strongest of what speaks against a voice, 0 or below. `wordless` is whether a
    title speaks of voices without words, `no_words` whether the language tag does.
    """

    sung: float = 0.0
    spoken: float = 0.0
    against: float = 0.0
    wordless: bool = False
    no_words: bool = False


NO_EVIDENCE = TagEvidence()


def judge(tags: Tags, mark: Mark, heard: VoiceDetection | None) -> Judgement:
    """Return what the user's mark, the tags and the voice detector come to."""
    found = [*_tagged(tags), *([] if heard is None else [_of_audio(heard)])]
    found.sort(key=lambda each: -abs(each.weight))
    if mark.vocals is not None:
        own = Evidence("your mark", mark.vocals, math.inf, f"you marked it as {mark.vocals}")
        return Judgement(mark.vocals, 1.0, (own, *found))
    total = _total(tag_evidence(tags), *_heard(heard))
    confidence = 1.0 / (1.0 + math.exp(-abs(total)))
    return Judgement(vocals(tags, mark, heard), confidence, tuple(found))


def vocals(tags: Tags, mark: Mark, heard: VoiceDetection | None) -> Vocals:
    """Return the verdict of `judge` alone."""
    return mark.vocals or verdict(tag_evidence(tags), *_heard(heard))


def tag_evidence(tags: Tags) -> TagEvidence:
    """Return what tags come to."""
    found = list(_tagged(tags))
    if not found:
        return NO_EVIDENCE
    voices = [each for each in found if each.weight > 0.0]
    return TagEvidence(
        sung=sum(each.weight for each in voices if each.says != "spoken"),
        spoken=sum(each.weight for each in voices if each.says == "spoken"),
        against=min((each.weight for each in found if each.weight < 0.0), default=0.0),
        wordless=any(
            each.says == "wordless" and each.source in {"title", "version"} for each in found
        ),
        no_words=any(each.source == "language" for each in found),
    )


def verdict(tags: TagEvidence, heard: Vocals, confidence: float) -> Vocals:
    """Return what tags and the detector come to; where it was not run, `heard` is unknown."""
    if tags == NO_EVIDENCE:  # nothing weighs against the detector
        return heard
    is_tagged = tags.sung > 0.0 or tags.spoken > 0.0
    if tags.wordless and not is_tagged and heard != "spoken":
        return "wordless"
    total = _total(tags, heard, confidence)
    if total >= DECISIVE:
        audio = max(_audio_weight(heard, confidence), 0.0)
        spoken = tags.spoken + (audio if heard == "spoken" else 0.0)
        if spoken > (tags.sung + tags.spoken + audio) / 2.0:
            return "spoken"
        return "wordless" if tags.no_words and not is_tagged else "sung"
    return "none" if total <= -DECISIVE else "unknown"


def _total(tags: TagEvidence, heard: Vocals, confidence: float) -> float:
    """Add what speaks for a voice, the audio, and the strongest of what tags say against one."""
    return tags.sung + tags.spoken + _audio_weight(heard, confidence) + tags.against


def _heard(heard: VoiceDetection | None) -> tuple[Vocals, float]:
    return ("unknown", 0.0) if heard is None else (heard.verdict, heard.confidence)


def _audio_weight(heard: Vocals, confidence: float) -> float:
    if heard == "unknown":
        return 0.0
    if heard == "none":
        return -(DECISIVE + (MOST_HEARD - DECISIVE) * confidence)
    return LEAST_VOICE + (MOST_HEARD - LEAST_VOICE) * confidence


def _of_audio(heard: VoiceDetection) -> Evidence:
    where = ", ".join(f"{clock(span.start_s)}-{clock(span.end_s)}" for span in heard.spans)
    weight = _audio_weight(heard.verdict, heard.confidence)
    if heard.verdict == "none":
        return Evidence("audio", "none", weight, "no voice is heard")
    if heard.verdict == "unknown" and not heard.confidence:
        return Evidence("audio", "unknown", 0.0, "nothing to hear: too short, soft or low a rate")
    if heard.verdict == "unknown":
        return Evidence(
            "audio", "unknown", 0.0, f"perhaps a voice{' at ' + where if where else ''}"
        )
    words = f"a voice is heard{' at ' + where if where else ''}"
    return Evidence("audio", heard.verdict, weight, words)


def _tagged(tags: Tags) -> Iterator[Evidence]:
    if tags.has_lyrics:
        yield Evidence("lyrics", "sung", LYRICS, "lyrics come with the file")
    for performer in tags.performers:
        role = folded(performer.rpartition("(")[2])
        if _SPEAKING.search(role):
            yield Evidence("performers", "spoken", SINGER, performer)
        elif _SINGING.search(role):
            yield Evidence("performers", "sung", SINGER, performer)
    if any(folded(language) == NO_WORDS for language in tags.languages):
        yield Evidence("language", "none", -LANGUAGE, "the language tag zxx: no words")
    yield from _worded(tags)
    if tags.lyricists:
        yield Evidence("lyricist", "sung", LYRICIST, f"words by {', '.join(tags.lyricists)}")
    if tags.voice_chance is not None:
        chance = min(max(tags.voice_chance, 1e-6), 1.0 - 1e-6)
        weight = min(max(math.log(chance / (1.0 - chance)), -MOST_BRAINZ), MOST_BRAINZ)
        says: Vocals = "sung" if weight > 0.0 else "none"
        words = f"a voice with chance {tags.voice_chance:.2f}, by AcousticBrainz"
        yield Evidence("AcousticBrainz", says, weight, words)


def _worded(tags: Tags) -> Iterator[Evidence]:
    texts = (
        ("title", TITLE, (tags.title,)),
        ("version", TITLE, (tags.version,)),
        ("genre", GENRE, tags.genres),
        ("mood", REMARK, tags.moods),
        ("comment", REMARK, tags.comments),
    )
    for source, weight, some in texts:
        for text in some:
            if text and _has_phrase(text) and (found := _evidence(source, weight, text)):
                yield found


@lru_cache(maxsize=10_000)
def _has_phrase(text: str) -> bool:
    return _any().search(text.lower() if text.isascii() else folded(text)) is not None


@lru_cache(maxsize=10_000)  # many files share a genre or comment
def _evidence(source: str, weight: float, text: str) -> Evidence | None:
    """Return the evidence of the first phrase in a text of a field, if any."""
    plain = folded(text)
    for says, patterns in _genres() if source == "genre" else _words():
        found = next(filter(None, (pattern.search(plain) for pattern in patterns)), None)
        if found is not None and says == "none" and _has_voice(plain):
            return None  # "instrumental with vocals" says neither
        if found is not None:
            # A voice without words speaks neither for words nor against them.
            signed = {"none": -weight, "wordless": 0.0}.get(says, weight)
            return Evidence(source, says, signed, f"'{found[0]}' in the {source}")
    return None


def _has_voice(plain: str) -> bool:
    """Whether a text speaks of a voice beside what it says against one."""
    voices = dict(_words())
    for pattern in voices["none"]:
        plain = pattern.sub(" ", plain)
    return any(pattern.search(plain) for kind in ("sung", "spoken") for pattern in voices[kind])
