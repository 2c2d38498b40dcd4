"""Session files as a test reads them: plain JSON."""

import json
from dataclasses import replace

SHORT = ("--duration", "6m", "--min-length", "30s", "--max-length", "15m")


def session(folder, name="s.json"):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def keep_first(folder, count, name="s.json"):
    """Leave the first tracks of a session, and neither tail nor spares."""
    document = session(folder, name)
    short = document | {"slots": document["slots"][:count], "tail": [], "spares": []}
    (folder / name).write_text(json.dumps(short), encoding="utf-8")


def paths(document):
    return [slot["path"] for slot in (*document["slots"], *document["tail"])]


def in_turn(session):
    """Return a session whose slots play one after the other, the tail last."""
    slots, now_s = [], 0.0
    for slot in (*session.slots, *session.tail):
        end_s = round(now_s + slot.duration_s, 3)
        slots.append(replace(slot, start_s=now_s, end_s=end_s))
        now_s = end_s
    count = len(session.slots)
    return replace(session, slots=tuple(slots[:count]), tail=tuple(slots[count:]))
