"""A press of a button in a session that runs, as long as it can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playlist_builder.desk.score import Score


@dataclass(frozen=True, slots=True)
class Press:
    """A press that can be taken back until then: its number in the record, and what was before."""

    number: int
    button: str
    when: str
    sentence: str
    from_s: float | None
    until_s: float
    before: Score

    def view(self, now_s: float) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "press": self.number,
            "button": self.button,
            "when": self.when,
            "sentence": self.sentence,
            "from_s": self.from_s,
            "left_s": max(self.until_s - now_s, 0.0),
        }


def in_force(presses: Sequence[Press], now_s: float) -> list[Press]:
    """Return what can be taken back, but for what a later "Calm now" has ended."""
    calms = [place for place, each in enumerate(presses) if each.button == "calm"]
    shown = presses[calms[-1] if calms else 0 :]
    return [each for each in shown if each.until_s > now_s]
