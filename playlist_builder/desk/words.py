"""The language of a page: its texts, and what the library says, as text."""

from dataclasses import dataclass

from playlist_builder.desk.page_words import on_page
from playlist_builder.language import notices, translation
from playlist_builder.language.notices import Notice
from playlist_builder.language.translation import PROFILE, Told


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, by its code."""

    code: str

    def text(self, message: str) -> str:
        """Return a text of the page."""
        return translation.catalogue(self.code).gettext(message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """Return a text of the page for so many."""
        return translation.catalogue(self.code).ngettext(singular, plural, count)

    def of_profile(self, message: str) -> str:
        """Return a title or phase of a profile; a user's own ones stay as they are."""
        return translation.catalogue(self.code).pgettext(PROFILE, message)

    def sentence(self, notice: Notice) -> str:
        """Return a notice as text."""
        return notices.sentence(notice, translation.catalogue(self.code))

    def spoken(self, text: str) -> str:
        """Return a text as it is, and one that can be told in the language of the page."""
        return translation.told(text, translation.catalogue(self.code))

    def told(self, value: Told) -> str:
        """Return an error as text, without words of the command line."""
        said: Told = on_page(value)
        return said.in_language(translation.catalogue(self.code))
