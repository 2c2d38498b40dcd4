"""Session files as a test reads them: plain JSON."""

import json

SHORT = ("--duration", "6m", "--track-minutes", 0.5, 15)


def session(folder, name="s.json"):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def paths(document):
    return [slot["path"] for slot in (*document["slots"], *document["tail"])]
