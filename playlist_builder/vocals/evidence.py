"""Tags, the voice detector and the user's mark to a verdict on vocals, with all evidence. Pure.

Each item of evidence is a log-odds for a voice (positive) or against one (negative), and they are
added, so that no single careless tag decides; only the user's mark decides alone. Where the sum is
within `DECISIVE` of zero the verdict is `unknown`, never `none`.

A voice is `wordless` where a title says so ("Vocalise", "humming") and nothing indicates words,
where the language tag is `zxx` (no linguistic content) and singing is detected, or where it is
detected to be.

The confidence that is shown is the chance of the verdict. Of the detector it is the one that was
fitted on recordings it had not met, and no evidence but the user's mark makes it certain.

The weights are expert judgement, not fitted. Lyrics in the file outweigh everything. Of the tags
against a voice only the strongest counts, since they usually have one author, and it never
outweighs a detected voice: a sung track called "instrumental" would do harm.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Literal, NamedTuple

from playlist_builder.language.text import clock, folded
from playlist_builder.language.translation import VOICE, Phrase
from playlist_builder.models import Mark, Tags, Vocals, VoiceDetection

EVIDENCE_VERSION = 2  # raise it with phrases or weights: libraries then evaluate all tags again
NO_WORDS = "zxx"  # ISO 639-2: no linguistic content
# Log-odds by source; REMARK is a mood or comment.
LYRICS, SINGER, TITLE, GENRE, REMARK, LYRICIST = 12.0, 5.0, 3.0, 2.0, 1.5, 1.0
LANGUAGE = 3.0
MOST_BRAINZ = 2.0  # limit for AcousticBrainz, whose classifier mistakes pads for voices
LEAST_VOICE, MOST_AUDIO = 4.5, 6.0  # a detected voice weighs more than TITLE and DECISIVE together
DECISIVE = 1.0
MOST_SURE = 0.99  # of what tags and the detector say together
LONE_S = 3.0  # a voice of no more seconds may be a word or a sample in music
Kind = Literal["sung", "spoken", "wordless", "none"]
# In English, German, French, Spanish and Japanese. The first kind that matches counts, so that
# "no vocals" is not read as "vocals".
_PHRASES: dict[Kind, tuple[str, ...]] = {
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
_SUNG_GENRES = (  # but not in a title: a chorale may be for organ
    r"opera|oper|opéra|ópera|choral|choir|chor|chœur|coro",
    r"chanson|lied(?:er)?|canción|vocal .*|rap|hip[- ]?hop",
    r"歌曲|合唱|オペラ",
)


# Compiled at the first use: most commands read no tag.
@cache
def _any_phrase() -> re.Pattern[str]:
    """Return one pattern for all phrases, which rejects most texts at once."""
    phrases = (*chain(*_PHRASES.values()), *_SUNG_GENRES)
    latin = "|".join(phrase for phrase in phrases if re.search(r"[a-z]", phrase))
    japanese = "|".join(phrase for phrase in phrases if not re.search(r"[a-z]", phrase))
    return re.compile(rf"(?<!\w)(?:{latin})(?!\w)|{japanese}")


@cache
def _patterns(*, genre: bool) -> dict[Kind, list[re.Pattern[str]]]:
    """Return patterns of whole words, for genres with those that count there alone."""
    phrases = _PHRASES | {"sung": (*_PHRASES["sung"], *(_SUNG_GENRES if genre else ()))}
    return {kind: list(map(_compiled, each)) for kind, each in phrases.items()}


def _compiled(phrase: str) -> re.Pattern[str]:
    is_latin = re.search(r"[a-z]", phrase)  # Japanese has no spaces between words
    return re.compile(rf"(?<!\w)(?:{phrase})(?!\w)" if is_latin else phrase)


_SINGING = re.compile(
    r"\b(?:vocals?|voice|sing(?:er|ing)|choir|rap|gesang|chant|voz|coro|chor)\b|歌|ボーカル"
    # A tenor sings, a tenor saxophone does not.
    r"|\b(?:soprano|mezzo|contralto|tenor|baritone)\b(?!\s+(?!vocal|voice)\w)"
)
_SPEAKING = re.compile(r"\b(?:narrat\w+|spoken|recit\w+|speech|speaker)\b")


EVIDENCE = "evidence"  # context in a catalogue of the sources of evidence
SOURCES = (
    *("your mark", "audio", "lyrics", "performers", "language", "lyricist", "AcousticBrainz"),
    *("title", "version", "genre", "mood", "comment"),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One item of evidence: its source, the vocals it indicates, log-odds, and a description."""

    source: str
    vocals: Vocals
    weight: float
    text: str


@dataclass(frozen=True, slots=True)
class VocalsVerdict:
    """The verdict, its confidence (0.5 to 1), and all evidence, the strongest first."""

    vocals: Vocals
    confidence: float
    evidence: tuple[Evidence, ...]


class TagEvidence(NamedTuple):
    """The evidence of the tags of a file, as log-odds, summarised for `verdict`."""

    sung: float = 0.0
    spoken: float = 0.0
    against: float = 0.0  # the strongest evidence against a voice, 0 or below
    wordless: bool = False  # a title indicates voices without words
    no_words: bool = False  # the language tag does


NO_EVIDENCE = TagEvidence()


def classify(tags: Tags, mark: Mark, detection: VoiceDetection | None) -> VocalsVerdict:
    """Return the verdict on the user's mark, the tags and the voice detector."""
    found = [*_of_tags(tags), *([] if detection is None else [_of_audio(detection)])]
    found.sort(key=lambda each: -abs(each.weight))
    if mark.vocals is not None:
        told = Phrase("you marked it as {kind}", kind=Phrase(mark.vocals, context=VOICE))
        own = Evidence("your mark", mark.vocals, math.inf, told)
        return VocalsVerdict(mark.vocals, 1.0, (own, *found))
    audio = detection or VoiceDetection("unknown", 0.0)
    summary = tag_evidence(tags)
    vocals = verdict(summary, audio.verdict, audio.confidence)
    return VocalsVerdict(vocals, _confidence(summary, audio, vocals), tuple(found))


def _confidence(tags: TagEvidence, audio: VoiceDetection, vocals: Vocals) -> float:
    """Return the chance of a verdict: the log-odds of tags and of the detector together."""
    chance = min(max(audio.confidence, 0.5), MOST_SURE)
    heard = 0.0 if audio.verdict == "unknown" else math.log(chance / (1.0 - chance))
    if audio.verdict == "none":
        heard = -heard
    total = tags.sung + tags.spoken + tags.against + heard
    if vocals == "none":
        total = -total
    elif vocals == "unknown":
        total = min(abs(total), DECISIVE)
    return min(max(1.0 / (1.0 + math.exp(-max(total, 0.0))), 0.5), MOST_SURE)


def tag_evidence(tags: Tags) -> TagEvidence:
    """Return the summary of the evidence in tags."""
    found = list(_of_tags(tags))
    if not found:
        return NO_EVIDENCE
    voices = [each for each in found if each.weight > 0.0]
    return TagEvidence(
        sung=sum(each.weight for each in voices if each.vocals != "spoken"),
        spoken=sum(each.weight for each in voices if each.vocals == "spoken"),
        against=min((each.weight for each in found if each.weight < 0.0), default=0.0),
        wordless=any(
            each.vocals == "wordless" and each.source in {"title", "version"} for each in found
        ),
        no_words=any(each.source == "language" for each in found),
    )


def verdict(tags: TagEvidence, detected: Vocals, confidence: float) -> Vocals:
    """Return the verdict on tags and the detector, whose own is unknown where it was not run."""
    if tags == NO_EVIDENCE:
        return detected
    is_tagged = tags.sung > 0.0 or tags.spoken > 0.0
    if tags.wordless and not is_tagged and detected != "spoken":
        return "wordless"
    total = _total(tags, detected, confidence)
    if total >= DECISIVE:
        # What has no words for the detector does not say how the words of the tags are uttered.
        audio = 0.0 if detected == "wordless" else max(_audio_weight(detected, confidence), 0.0)
        spoken = tags.spoken + (audio if detected == "spoken" else 0.0)
        if spoken > (tags.sung + tags.spoken + audio) / 2.0:
            return "spoken"
        is_wordless = tags.no_words or detected == "wordless"
        return "wordless" if is_wordless and not is_tagged else "sung"
    return "none" if total <= -DECISIVE else "unknown"


def _total(tags: TagEvidence, detected: Vocals, confidence: float) -> float:
    return tags.sung + tags.spoken + _audio_weight(detected, confidence) + tags.against


def _audio_weight(detected: Vocals, confidence: float) -> float:
    if detected == "unknown":
        return 0.0
    sureness = max(0.0, 2.0 * confidence - 1.0)  # 0 where either is as likely
    if detected == "none":
        return -(DECISIVE + (MOST_AUDIO - DECISIVE) * sureness)
    return LEAST_VOICE + (MOST_AUDIO - LEAST_VOICE) * sureness


def _of_audio(detection: VoiceDetection) -> Evidence:
    where = ", ".join(f"{clock(span.start_s)}-{clock(span.end_s)}" for span in detection.spans)
    match detection.verdict:
        case "none":
            text = Phrase("no voice is heard")
        case "unknown":
            text = _DOUBTS[doubt(detection)]
        case "wordless":
            text = Phrase("a voice without words is heard")
        case _:
            text = Phrase("a voice is heard")
    if where and detection.verdict != "none":
        text = Phrase("{what} at {where}", what=text, where=where)
    weight = _audio_weight(detection.verdict, detection.confidence)
    return Evidence("audio", detection.verdict, weight, text)


Doubt = Literal["nothing", "people", "lone", "wordless", "voice"]
_DOUBTS: dict[Doubt, Phrase] = {
    "nothing": Phrase("nothing to hear: too short, soft or low a rate"),
    "people": Phrase("people in the background"),
    "lone": Phrase("perhaps a lone word"),
    "wordless": Phrase("perhaps a voice without words"),
    "voice": Phrase("perhaps a voice"),
}


def doubt(detection: VoiceDetection) -> Doubt:
    """Return why the detector does not know."""
    kinds = {span.kind for span in detection.spans}
    if not kinds:
        return "voice" if detection.confidence else "nothing"
    if kinds == {"people"}:
        return "people"
    if kinds == {"wordless"}:
        return "wordless"
    seconds = sum(span.end_s - span.start_s for span in detection.spans)
    return "lone" if seconds <= LONE_S else "voice"


def _of_tags(tags: Tags) -> Iterator[Evidence]:
    if tags.has_lyrics:
        yield Evidence("lyrics", "sung", LYRICS, Phrase("lyrics come with the file"))
    for performer in tags.performers:
        role = folded(performer.rpartition("(")[2])
        if _SPEAKING.search(role):
            yield Evidence("performers", "spoken", SINGER, performer)
        elif _SINGING.search(role):
            yield Evidence("performers", "sung", SINGER, performer)
    if any(folded(language) == NO_WORDS for language in tags.languages):
        yield Evidence("language", "none", -LANGUAGE, Phrase("the language tag zxx: no words"))
    yield from _of_texts(tags)
    if tags.lyricists:
        words = Phrase("words by {names}", names=", ".join(tags.lyricists))
        yield Evidence("lyricist", "sung", LYRICIST, words)
    if tags.voice_chance is not None:
        chance = min(max(tags.voice_chance, 1e-6), 1.0 - 1e-6)
        weight = min(max(math.log(chance / (1.0 - chance)), -MOST_BRAINZ), MOST_BRAINZ)
        kind: Vocals = "sung" if weight > 0.0 else "none"
        text = Phrase(
            "a voice with chance {chance:.2f}, by AcousticBrainz", chance=tags.voice_chance
        )
        yield Evidence("AcousticBrainz", kind, weight, text)


def _of_texts(tags: Tags) -> Iterator[Evidence]:
    texts = (
        ("title", TITLE, (tags.title,)),
        ("version", TITLE, (tags.version,)),
        ("genre", GENRE, tags.genres),
        ("mood", REMARK, tags.moods),
        ("comment", REMARK, tags.comments),
    )
    for source, weight, values in texts:
        for text in values:
            if text and _has_phrase(text) and (found := _evidence(source, weight, text)):
                yield found


@lru_cache(maxsize=10_000)
def _has_phrase(text: str) -> bool:
    return _any_phrase().search(text.lower() if text.isascii() else folded(text)) is not None


@lru_cache(maxsize=10_000)  # many files share a genre or comment
def _evidence(source: str, weight: float, text: str) -> Evidence | None:
    """Return the evidence of the first phrase that a text of a field contains, if any."""
    plain = folded(text)
    for kind, patterns in _patterns(genre=source == "genre").items():
        found = next(filter(None, (pattern.search(plain) for pattern in patterns)), None)
        if found is not None and kind == "none" and _has_voice(plain):
            return None  # "instrumental with vocals" is evidence of neither
        if found is not None:
            # A voice without words is evidence neither for words nor against them.
            signed = {"none": -weight, "wordless": 0.0}.get(kind, weight)
            where = Phrase(source, context=EVIDENCE)
            text = Phrase("'{phrase}' in the {source}", phrase=found[0], source=where)
            return Evidence(source, kind, signed, text)
    return None


def _has_voice(plain: str) -> bool:
    """Whether a text mentions a voice besides its phrases against one."""
    voices = _patterns(genre=False)
    for pattern in voices["none"]:
        plain = pattern.sub(" ", plain)
    return any(pattern.search(plain) for kind in ("sung", "spoken") for pattern in voices[kind])
