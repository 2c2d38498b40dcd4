"""The texts of commands, in the language of whoever types them.

The environment says which that is, so that nothing has to be set up, and nothing is left behind.
"""

import gettext as system_gettext
import os
from gettext import NullTranslations

from playlist_builder.language import translation
from playlist_builder.language.translation import Told

CLICK = "click"  # the domain of what click itself says


def catalogue() -> NullTranslations:
    """Return the catalogue of the language that the user reads."""
    return translation.catalogue(language())


def language() -> str:
    """Return the code of the language that the user reads."""
    return translation.user_language(os.environ)


def _(message: str) -> str:
    """Return a text of a command."""
    return catalogue().gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return a text of a command for so many."""
    return catalogue().ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """Return a text that means something else elsewhere."""
    return catalogue().pgettext(context, message)


def told(value: Told | str) -> str:
    """Return what can be told in several languages as text, any other text as it is."""
    return translation.told(value, catalogue())


def use_for_click() -> None:
    """Have click take what it says itself from our catalogue of it, where that is needed."""
    if language() == "en":
        system_gettext.textdomain("messages")  # as Python begins, without any catalogue
    else:
        system_gettext.bindtextdomain(CLICK, os.fspath(translation.LOCALE))
        system_gettext.textdomain(CLICK)
