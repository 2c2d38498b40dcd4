"""Evidence that a track is sung, spoken or neither; the strongest evidence decides.

It refuses to guess: without evidence the verdict is `unknown`, never `none`.
"""

from playlist_builder.models import Mark, Tags, Vocals

NO_WORDS = "zxx"  # ISO 639-2: no linguistic content


def verdict(tags: Tags, mark: Mark) -> Vocals:
    """Whether a track holds voice: by the user's mark, embedded lyrics, then the language tag."""
    if mark.vocals is not None:
        return mark.vocals
    if tags.has_lyrics:
        return "sung"
    if any(language.casefold() == NO_WORDS for language in tags.languages):
        return "none"
    return "unknown"
