"""Lengths of time as people type them: 90s, 45m, 1h30m, 1:30:00."""

import re

UNITS_S = {"d": 86400, "h": 3600, "m": 60, "s": 1}
NUMBER = r"\d+(?:\.\d+)?"


def seconds_of(text: str, bare: str = "") -> float | None:
    """Return the seconds of a length, None where a text is none; 1h30 has minutes behind.

    A number alone is in the `bare` unit, a key of `UNITS_S`, or none where that is empty.
    """
    if clock := re.fullmatch(r"(\d{1,4}):([0-5]\d):([0-5]\d)", text):
        return float(3600 * int(clock[1]) + 60 * int(clock[2]) + int(clock[3]))
    if re.fullmatch(NUMBER, text):
        return float(text) * UNITS_S[bare] if bare else None
    days, hours = rf"(?:(?P<d>{NUMBER})d)?", rf"(?:(?P<h>{NUMBER})h)?"
    minutes, seconds = rf"(?:(?P<m>{NUMBER})(?:m|\Z))?", rf"(?:(?P<s>{NUMBER})s)?"
    match = re.fullmatch(rf"{days}\s*{hours}\s*{minutes}\s*{seconds}", text)
    if match is None or not text:
        return None
    return sum(float(match[name] or 0) * size for name, size in UNITS_S.items())
