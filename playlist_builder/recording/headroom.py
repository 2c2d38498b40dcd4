"""How much louder each track of a session may get -> which of them keep all of it soft. Pure."""

from collections.abc import Sequence

from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import Slot

TOLD_LU = 1.0  # by which a session is softer than wanted; less is hardly noticed
MOST_TITLES = 3


def held_down(slots: Sequence[Slot], spare_db: Sequence[float], wanted_db: float) -> Notice | None:
    """Return which tracks keep a session softer than `wanted_db`, or None where that is little.

    A track may get louder by its spare dB, until its peaks reach the limit. Named are those whose
    spare is in the lower half of what is missing, and how much louder all were without them.
    """
    most_db = min(wanted_db, *spare_db)
    if wanted_db - most_db < TOLD_LU:
        return None
    border_db = (most_db + wanted_db) / 2.0
    places = sorted(range(len(slots)), key=lambda place: spare_db[place])
    named = [place for place in places if spare_db[place] < border_db]
    others_db = min([wanted_db, *(each for each in spare_db if each >= border_db)])
    titles = list(dict.fromkeys(slots[place].title or slots[place].path for place in named))
    code = "held_down_and_more" if len(titles) > MOST_TITLES else "held_down"
    softer_lu = round(others_db - most_db, 1)
    return notice(code, titles=tuple(titles[:MOST_TITLES]), softer_lu=softer_lu)
