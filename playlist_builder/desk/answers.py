"""Answers that can be sent whatever the names of files hold: those are bytes, an answer is UTF-8.

A byte of a name that is none stands as a surrogate in a text; JSON takes it as an escape.
"""

import json
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse


class Json(JSONResponse):
    """Values as JSON."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - as JSON
        """Return the bytes to send."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


class Line(PlainTextResponse):
    """A text for a person."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - as its base has it
        """Return the bytes to send."""
        return f"{content}\n".encode("utf-8", "replace")
