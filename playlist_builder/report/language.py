"""The languages of a report: texts by gettext, and how each writes times, numbers and dates.

The messages are in English; `translation` knows their catalogues, which `tests/report` keeps whole.
"""

from dataclasses import dataclass
from datetime import date

from playlist_builder.errors import ReportError
from playlist_builder.language import notices
from playlist_builder.language.notices import TEXT, Notice
from playlist_builder.language.translation import PROFILE, VOICE, Told, told
from playlist_builder.language.translation import catalogue as _catalogue

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


@dataclass(frozen=True, slots=True)
class Language:
    """A language of reports."""

    code: str
    fonts: tuple[str, ...]  # families that hold its letters
    units: tuple[str, str, str]  # hours, minutes and seconds, as written after a number
    date_format: str

    def gettext(self, message: str) -> str:
        """Return a text of the report."""
        return _catalogue(self.code).gettext(message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """Return a text of the report for so many."""
        return _catalogue(self.code).ngettext(singular, plural, count)

    def pgettext(self, context: str, message: str) -> str:
        """Return a text of the report that means something else elsewhere."""
        return _catalogue(self.code).pgettext(context, message)

    def profile_word(self, text: str) -> str:
        """Return a title, phase or other word of a profile; a user's own ones stay as they are."""
        return _catalogue(self.code).pgettext(PROFILE, text)

    def voice(self, vocals: str) -> str:
        """Return what is known of the voices of a track."""
        known = "not verified" if vocals == "unknown" else vocals
        return _catalogue(self.code).pgettext(VOICE, known)

    def told(self, value: Told | str) -> str:
        """Return what can be told in several languages as text, any other text as it is."""
        return told(value, _catalogue(self.code))

    def sentence(self, notice: Notice) -> str:
        """Return a notice as text."""
        return notices.sentence(notice, _catalogue(self.code))

    def filled(self, message: str, notice: Notice) -> str:
        """Return another text on a notice, with its parameters."""
        known = _catalogue(self.code)
        return notices.filled(known.gettext(message), notice, known)

    def translates(self, notice: Notice) -> bool:
        """Whether a notice is known in this language; else it is shown in English."""
        return self.code == "en" or notice.code != TEXT

    def duration(self, seconds: float) -> str:
        """Return a length in words, to the second below an hour and to the minute above."""
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(round(seconds / 60.0) if minutes >= HOUR else minutes, 60)
        amounts = (hours, minutes, 0 if hours else rest)
        parts = [f"{n}{unit}" for n, unit in zip(amounts, self.units, strict=True) if n]
        return (" " if self.units[0].startswith(" ") else "").join(parts) or f"0{self.units[2]}"

    def day(self, day: date) -> str:
        """Return a date."""
        name = MONTHS[day.month - 1]
        return self.date_format.format(year=day.year, month=day.month, day=day.day, name=name)


ENGLISH = Language(
    "en",
    ("Segoe UI", "Helvetica Neue", "Noto Sans", "Arial", "Liberation Sans", "DejaVu Sans"),
    (" h", " min", " s"),
    "{day} {name} {year}",
)
JAPANESE = Language(
    "ja",
    (
        *("Hiragino Sans", "Yu Gothic UI", "Yu Gothic", "Meiryo", "Noto Sans JP"),
        *("Noto Sans CJK JP", "IPAexGothic", "IPAGothic"),
    ),
    ("時間", "分", "秒"),
    "{year}年{month}月{day}日",
)
LANGUAGES = {language.code: language for language in (ENGLISH, JAPANESE)}


def language_of(code: str) -> Language:
    """Return a language by its code; raises `ReportError` for one that is not known."""
    if code not in LANGUAGES:
        raise ReportError(
            "No language {language!r}. Available: {names}",
            language=code,
            names=", ".join(LANGUAGES),
        )
    return LANGUAGES[code]
