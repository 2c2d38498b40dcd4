"""A record: one run of a kept session, with its plan, its events, and what only people know."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from playlist_builder import checked
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session
from playlist_builder.records.events import RecordedEvent

ANSWER_LIMIT = 2_000  # characters of what somebody says of a run


@dataclass(frozen=True, slots=True)
class About:
    """What no program knows of the music of a run, as short texts; empty where nobody said it.

    They are asked for by the items 6, 11, 13 and 17 of the ReSPCT guidelines (see `export`).
    """

    chosen_by: str = ""
    participant_choice: str = ""
    participant_control: str = ""
    equipment: str = ""
    volume: str = ""
    style: str = ""
    familiarity: str = ""
    rationale: str = ""
    disturbances: str = ""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not isinstance(value, str) or len(value) > ANSWER_LIMIT:
                raise checked.wrong(
                    each.name,
                    Phrase("a text of at most {most} characters", most=ANSWER_LIMIT),
                    value,
                )


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a kept session: of which, for whom, from when to when.

    `session` is the id of the kept session and `person` for whom it was, both as they were then.
    Times are in ISO 8601; `ended_at` is empty while nobody noted an end. `target_s` is how long the
    session was planned to be, `heard_s` how long its tracks were heard, all added up.
    """

    id: str
    number: int
    session: str
    person: str
    profile: str
    begun_at: str
    ended_at: str
    target_s: float
    heard_s: float
    events: int


@dataclass(frozen=True, slots=True)
class Record:
    """What is recorded of a run: the session as it was planned when the run began, and the events.

    Events are in order of their times; each writer's keep its own order. A record is not `complete`
    where numbers are missing among them, as after damage.
    """

    run: Run
    plan: Session
    events: Sequence[RecordedEvent]
    about: About = About()
    complete: bool = True
