"""The texts of the page, by the names under which its scripts ask for them."""

from playlist_builder.language.translation import Phrase

_ALL = {
    "stale": Phrase("The session has changed meanwhile; this is how it is now."),
    "elsewhere": Phrase("The desk is open in another window."),
    "take_over": Phrase("Use it here"),
    "unreachable": Phrase("The desk does not answer. Is 'playlist-builder desk' still running?"),
}
TEXTS = {name: phrase.message for name, phrase in _ALL.items()}
