"""Checks of the values of a session document that no type expresses; each raises ValueError."""

import reprlib
from datetime import datetime

from playlist_builder.errors import RequestError
from playlist_builder.models import PERSON_NAME_LIMIT, person_name


def check_time(text: str) -> None:
    """Check that a text is empty, or a time in ISO 8601 with its offset."""
    try:
        if not text or datetime.fromisoformat(text).tzinfo is not None:
            return
    except ValueError:
        pass
    wrong = reprlib.repr(text)
    raise ValueError(f"asked_at must be a time in ISO 8601 with its offset, not {wrong}")


def checked_name(text: str) -> str:
    """Return the name of a person as it is stored."""
    try:
        return person_name(text)
    except RequestError as error:
        wrong = f"plain text of 1 to {PERSON_NAME_LIMIT} characters, not {reprlib.repr(text)}"
        raise ValueError(f"name must be {wrong}") from error
