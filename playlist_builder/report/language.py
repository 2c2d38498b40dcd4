"""The words, times and numbers of a report, in English and Japanese.

It holds texts, not what decides which of them is shown. Other modules write whole sentences
(warnings, rules that had to be relaxed) in English; `Words.translated` turns those that it knows
into Japanese.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

HOUR = 60  # minutes
MINUS = "\N{MINUS SIGN}"
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def signed(value: float) -> str:
    """Return a number with one decimal and its sign."""
    return f"{value:+.1f}".replace("-", MINUS)


def number(value: float, places: int) -> str:
    """Return a number with so many decimals and a true minus sign."""
    return f"{value:.{places}f}".replace("-", MINUS)


class Sentence(NamedTuple):
    """An English sentence of another module, and its translation.

    `translation` may name the groups of the pattern; those in `words` are translated as a whole.
    """

    pattern: re.Pattern[str]
    translation: str
    words: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Every text of the picture and the page in one language.

    Texts in braces are filled in by name. `fonts` are families that hold the letters.
    """

    code: str
    fonts: tuple[str, ...]
    session: str
    skip: str
    made: str
    tracks: str
    of: str
    distance: str
    cost: str
    relative: str
    absolute: str
    warnings: str
    relaxed: str
    nothing_relaxed: str
    curve: str
    picture: str
    pictured: str
    planned: str
    actual: str
    energy: str
    minutes: str
    hours: str
    steps: str
    limit: str
    beyond: str
    block: str
    step: str
    hover: str
    list: str
    list_note: str
    start: str
    length: str
    title: str
    artist: str
    plan: str
    loudness: str
    rise: str
    vocals: str
    notes: str
    listen: str
    play: str
    join: str
    player: str
    unplayable: str
    tail: str
    tail_note: str
    spares: str
    spares_note: str
    spare_for: str
    profile: str
    profile_unknown: str
    sources: str
    phase: str
    time: str
    level: str
    basis: str
    wave: str
    limits: str
    brightness: str
    percussiveness: str
    startle: str
    footer: str
    untitled: str
    voices: Mapping[str, str]
    units: tuple[str, str, str]
    """Hours, minutes and seconds, as written after a number."""
    dated: str
    sentences: Sequence[Sentence] = ()

    def duration(self, seconds: float) -> str:
        """Return a length in words, to the second below an hour and to the minute above."""
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(round(seconds / 60.0) if minutes >= HOUR else minutes, 60)
        amounts = (hours, minutes, 0 if hours else rest)
        parts = [f"{n}{unit}" for n, unit in zip(amounts, self.units, strict=True) if n]
        return (" " if self.units[0].startswith(" ") else "").join(parts) or f"0{self.units[2]}"

    def day(self, day: date) -> str:
        """Return a date."""
        return self.dated.format(
            year=day.year, month=day.month, day=day.day, name=MONTHS[day.month - 1]
        )

    def translated(self, sentence: str) -> str | None:
        """Return an English sentence in this language, or None where it is not known."""
        if self.code == "en":
            return sentence
        for pattern, translation, words in self.sentences:
            if found := pattern.fullmatch(sentence):
                groups = {name: text or "" for name, text in found.groupdict().items()}
                return translation.format(
                    **{name: words.get(text, text) for name, text in groups.items()}
                )
        return None


ENGLISH = Words(
    code="en",
    fonts=("Segoe UI", "Helvetica Neue", "Noto Sans", "Arial", "Liberation Sans", "DejaVu Sans"),
    session="Session",
    skip="Skip to the list of tracks",
    made="Report of",
    tracks="Tracks",
    of="{length} of {asked} asked for",
    distance="Distance from the plan",
    cost="Cost {cost}; no session of these tracks goes below {bound}.",
    relative="Energies are percentiles of the library.",
    absolute="Energies are absolute.",
    warnings="To know before you begin",
    relaxed="Rules that gave way",
    nothing_relaxed="No rule gave way.",
    curve="The curve",
    picture="Energy over time, as planned and as it plays",
    pictured=(
        "{title}: {count} tracks in {length}. Planned energy from {low} to {high};"
        " phases: {phases}. {beyond}"
    ),
    planned="planned energy",
    actual="energy as it plays",
    energy="energy",
    minutes="min",
    hours="h",
    steps="Loudness step into each track, LU",
    limit="limit",
    beyond="{count} loudness steps rise beyond the limit of {limit} LU.",
    block=(
        "{number}. {title}{artist}. Starts {start}, lasts {length}, {phase}."
        " Energy {energy}, planned {plan}. {loudness} LUFS{step}. Voice: {vocals}."
    ),
    step=", step {step} LU",
    hover="Point at a track, or move to it with the Tab key, to read about it here.",
    list="The tracks",
    list_note="Loudness in LUFS; the step into a track in LU, ▲ where it rises beyond {limit}.",
    start="Start",
    length="Length",
    title="Title",
    artist="Artist",
    plan="plan",
    loudness="Loudness",
    rise="step",
    vocals="Voice",
    notes="Notes",
    listen="Listen",
    play="Play {title}",
    join="Hear the passage into {title}: 10 seconds before and after",
    player="Player",
    unplayable="Cannot play {title}: the file is not where this page expects it, or the browser"
    " does not know its format.",
    tail="tail",
    tail_note="calm music after the end",
    spares="Spares",
    spares_note="Tracks of like energy, for when one is to be skipped.",
    spare_for="Instead of",
    profile="The profile",
    profile_unknown="The session file does not hold the text of this profile.",
    sources="Sources",
    phase="Phase",
    time="Time",
    level="Level",
    basis="Basis",
    wave="waves of {depth}",
    limits="Limits",
    brightness="brightness {limit} Hz",
    percussiveness="percussiveness {limit}",
    startle="startle {limit} LU",
    footer="This is not a medical device and makes no medical claims.",
    untitled="untitled",
    voices={
        "none": "none",
        "wordless": "wordless",
        "sung": "sung",
        "spoken": "spoken",
        "unknown": "not verified",
    },
    units=(" h", " min", " s"),
    dated="{day} {name} {year}",
)

_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"

JAPANESE = Words(
    code="ja",
    fonts=(
        *("Hiragino Sans", "Yu Gothic UI", "Yu Gothic", "Meiryo", "Noto Sans JP"),
        *("Noto Sans CJK JP", "IPAexGothic", "IPAGothic"),
    ),
    session="セッション",
    skip="曲の一覧へ移動",
    made="作成日",
    tracks="曲数",
    of="{length}(指定 {asked})",
    distance="計画との差",
    cost="コスト {cost}(この曲群での下限 {bound})。",
    relative="エネルギーはライブラリ内の百分位です。",
    absolute="エネルギーは絶対値です。",
    warnings="始める前に確認すること",
    relaxed="緩めたルール",
    nothing_relaxed="緩めたルールはありません。",
    curve="曲線",
    picture="時間とエネルギー(計画と実際)",
    pictured="{title}:{count}曲、{length}。計画エネルギー {low}~{high}。段階:{phases}。{beyond}",
    planned="計画したエネルギー",
    actual="実際のエネルギー",
    energy="エネルギー",
    minutes="分",
    hours="時間",
    steps="各曲の始まりの音量差(LU)",
    limit="上限",
    beyond="上限 {limit} LU を超える音量の上昇:{count}か所。",
    block=(
        "{number}. {title}{artist}。開始 {start}、長さ {length}、{phase}。"
        "エネルギー {energy}(計画 {plan})。{loudness} LUFS{step}。声:{vocals}。"
    ),
    step="、前の曲との差 {step} LU",
    hover="曲にカーソルを合わせるか、Tab キーで移動すると、ここに詳細を表示します。",
    list="曲の一覧",
    list_note="音量は LUFS。前の曲との差は LU で、{limit} を超える上昇に ▲ を付けます。",
    start="開始",
    length="長さ",
    title="曲名",
    artist="アーティスト",
    plan="計画",
    loudness="音量",
    rise="差",
    vocals="声",
    notes="メモ",
    listen="試聴",
    play="{title} を再生",
    join="{title} へのつなぎを聴く(前後10秒)",
    player="プレーヤー",
    unplayable="{title} を再生できません。ファイルが見つからないか、"
    "ブラウザーが対応していない形式です。",
    tail="余韻",
    tail_note="終了後の静かな音楽",
    spares="予備の曲",
    spares_note="曲を飛ばしたいときに使える、エネルギーの近い曲です。",
    spare_for="代わりになる曲",
    profile="プロファイル",
    profile_unknown="このセッションファイルにはプロファイルの本文がありません。",
    sources="出典",
    phase="段階",
    time="時間",
    level="レベル",
    basis="根拠",
    wave="波 {depth}",
    limits="上限",
    brightness="明るさ {limit} Hz",
    percussiveness="打楽器性 {limit}",
    startle="急な音量上昇 {limit} LU",
    footer="本ソフトウェアは医療機器ではなく、医学的な効果をうたうものではありません。",
    untitled="無題",
    voices={
        "none": "なし",
        "wordless": "歌詞なし",
        "sung": "歌",
        "spoken": "語り",
        "unknown": "未確認",
    },
    units=("時間", "分", "秒"),
    dated="{year}年{month}月{day}日",
    sentences=(
        Sentence(
            re.compile(
                r"(?P<a>\d+) min asked; (?P<p>\d+) min pass(?P<rest>.*);"
                r" the session is shorter than asked"
            ),
            "指定は {a} 分ですが、条件を満たす曲は {p} 分のため、短いセッションです{rest}",
        ),
        Sentence(
            re.compile(r"(?P<n>\d+) copies of other tracks are left out"),
            "ほかの曲と同じ録音 {n} 件を除きました",
        ),
        Sentence(
            re.compile(
                rf"(?P<n>\d+) loudness steps? beyond (?P<lu>{_NUMBER}) LU; the worst rises"
                rf" (?P<w>{_NUMBER}) LU into '(?P<t>.*)' at (?P<at>[\d:]+) \((?P<p>.*)\)",
                re.DOTALL,
            ),
            "{lu} LU を超える音量の上昇が {n} か所あります。最大は {at}({p})の「{t}」で {w} LU",
        ),
        Sentence(
            re.compile(
                rf"(?P<n>\d+) tracks? rises? more than (?P<lu>{_NUMBER}) above the plan; the worst"
                rf" by (?P<w>{_NUMBER}) in '(?P<t>.*)' at (?P<at>[\d:]+) \((?P<p>.*)\)",
                re.DOTALL,
            ),
            "計画より {lu} 以上エネルギーの高い部分がある曲は {n} 曲です。"
            "最大は {at}({p})の「{t}」で {w}",
        ),
        Sentence(
            re.compile(r"(?P<n>\d+) of (?P<m>\d+) spares are not known to be free of words"),
            "予備の曲 {m} 曲中 {n} 曲は、言葉を含まないことを確認していません",
        ),
        Sentence(
            re.compile(r"no tail: all tracks of the playlist are in the session"),
            "余韻はありません。プレイリストの曲はすべてセッションにあります",
        ),
        Sentence(
            re.compile(
                rf"the most energetic track of this library reaches (?P<a>{_NUMBER}); the"
                rf" peak asks for (?P<b>{_NUMBER}): (?P<end>.*)"
            ),
            "ライブラリで最もエネルギーの高い曲は {a}、計画の頂点は {b}:{end}",
            {
                "scaled to your library": "ライブラリに合わせて調整しました",
                "the session stays below its plan": "セッションは計画に届きません",
            },
        ),
        Sentence(
            re.compile(
                r"(?P<n>\d+) of (?P<m>\d+) tracks are not verified to be free of words;"
                r" scan without --no-vocals, or listen and mark them"
            ),
            "{m} 曲中 {n} 曲は、言葉を含まないことを確認していません。"
            "--no-vocals なしで scan するか、聴いて mark で記録してください",
        ),
        Sentence(
            re.compile(
                r"(?P<n>\d+) of (?P<m>\d+) tracks may hold a voice: (?P<t>.*);"
                r" listen and mark them",
                re.DOTALL,
            ),
            "{m} 曲中 {n} 曲に声が含まれる可能性があります:{t}。聴いて mark で記録してください",
        ),
        Sentence(
            re.compile(r"(?P<n>\d+) of (?P<m>\d+) tracks hold (?P<what>.*)"),
            "{m} 曲中 {n} 曲に{what}が含まれます",
            {"a wordless voice": "歌詞のない声", "singing": "歌", "speech": "語り"},
        ),
        Sentence(
            re.compile(
                r"artist_max: more than (?P<n>\d+) tracks of one artist \((?P<t>.*)\)", re.DOTALL
            ),
            "artist_max:同じアーティストの曲が {n} 曲を超えています({t})",
        ),
        Sentence(
            re.compile(
                r"artist_gap: (?P<n>\d+) times fewer than (?P<g>\d+) other tracks between"
                r" two of one artist"
            ),
            "artist_gap:同じアーティストの曲の間が {g} 曲未満の箇所が {n} か所あります",
        ),
        Sentence(
            re.compile(
                rf"(?P<f>brightness|percussiveness|startle): (?P<n>\d+) tracks beyond the"
                rf" limit of their phase, worst '(?P<t>.*)' with (?P<r>.*) in (?P<p>.*)"
                rf" \(limit (?P<l>{_NUMBER})\)",
                re.DOTALL,
            ),
            "{f}:段階の上限を超える曲が {n} 曲あります。最大は {p} の「{t}」で {r}(上限 {l})",
            {
                "brightness": "明るさ",
                "percussiveness": "打楽器性",
                "startle": "急な音量上昇",
            },
        ),
        Sentence(
            re.compile(
                r"the tail lasts (?P<a>\d+) of (?P<b>\d+) min: the library holds no more music"
                r" that is calm and free"
            ),
            "余韻は {b} 分中 {a} 分です。静かで未使用の曲がライブラリにこれ以上ありません",
        ),
        Sentence(
            re.compile(r"no tail: no calm track is left that begins without a rise in energy"),
            "余韻はありません。エネルギーが上がらずに始まる静かな曲が残っていません",
        ),
        Sentence(
            re.compile(r"no spare for (?P<t>.*): no other track of like energy is left", re.DOTALL),
            "{t} の予備の曲はありません。エネルギーの近い曲が残っていません",
        ),
        Sentence(
            re.compile(
                r"duration: (?P<n>\d+) s (?P<kind>longer|shorter) than asked"
                r" \(tolerance (?P<t>\d+) s\)"
            ),
            "長さ:指定より {n} 秒{kind}なっています(許容 {t} 秒)",
            {"longer": "長く", "shorter": "短く"},
        ),
        Sentence(
            re.compile(
                rf"pin: '(?P<t>.*)' starts at minute (?P<a>{_NUMBER}), not"
                rf" (?P<b>{_NUMBER})",
                re.DOTALL,
            ),
            "固定した曲「{t}」の開始は {b} 分ではなく {a} 分です",
        ),
    ),
)

LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "ja": JAPANESE}
