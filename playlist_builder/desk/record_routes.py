"""The record of a run, to read and to take along.

GET  /record/NUMBER.html   the page of `record_page`: the plan, and what was heard
GET  /record/NUMBER.csv    one table
GET  /record/NUMBER.json   all of it
"""

import re
from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from playlist_builder import Record, record_csv, record_json, record_page
from playlist_builder.desk.answers import Line
from playlist_builder.desk.desk import Desk
from playlist_builder.desk.downloads import POLICY
from playlist_builder.desk.words import Words
from playlist_builder.errors import PlaylistBuilderError

TYPES = {"html": "text/html", "csv": "text/csv", "json": "application/json"}
_NUMBER = re.compile(r"[0-9]{1,18}")


def routes(desk: Desk, words: Words) -> list[Route]:
    """Return the routes of records."""
    forms: dict[str, Callable[[Record], str]] = {
        "html": lambda record: record_page(record, language=words.code),
        "csv": record_csv,
        "json": record_json,
    }

    async def answer(request: Request) -> Response:
        form, number = forms.get(request.path_params["form"]), request.path_params["number"]
        if form is None or not _NUMBER.fullmatch(number):
            return Response(status_code=HTTPStatus.NOT_FOUND)

        def made() -> str:
            records = desk.bench.library.records
            return form(records.read(records.by_number(int(number)).id))

        try:
            text = await desk.call(made)
        except PlaylistBuilderError as error:
            return Line(words.told(error), HTTPStatus.NOT_FOUND)
        kind = request.path_params["form"]
        headers = {"Content-Security-Policy": POLICY}
        if kind != "html":
            headers["Content-Disposition"] = f'attachment; filename="record-{number}.{kind}"'
        return Response(
            text.encode("utf-8", "replace"),
            media_type=f"{TYPES[kind]}; charset=utf-8",
            headers=headers,
        )

    return [Route("/record/{number}.{form}", answer)]
