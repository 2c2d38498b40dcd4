"""A session as one page of HTML, complete in itself: to read on screen or phone, print and play.

Pure: a session goes in, text comes out; the HTML is in `templates/page.html`. The page holds its
style, script and pictures. By its policy the browser loads nothing but the tracks, which stay where
they are and are linked relative to the folder of the page.
"""

from base64 import b64encode
from datetime import date
from functools import partial
from hashlib import sha256
from importlib.resources import files
from itertools import count, islice

from jinja2 import Environment, FunctionLoader, StrictUndefined

from playlist_builder.models import Session
from playlist_builder.notices import is_budget
from playlist_builder.playlists.entry_paths import format_entry
from playlist_builder.report import summary, svg
from playlist_builder.report.language import Language, number, signed
from playlist_builder.text import clock, shortened, xml_safe

# Of the picture: on a screen, on A4 and tablets, on a phone; the style shows one of them.
WIDTHS_PX = {"large": 1080, "middle": 700, "small": 362}


def _resource(name: str) -> str:
    package = __name__.rpartition(".")[0]
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


_TEMPLATES = Environment(
    loader=FunctionLoader(_resource),
    autoescape=True,
    finalize=lambda value: xml_safe(value) if type(value) is str else value,  # one line
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.globals |= {"clock": clock, "number": number, "signed": signed, "shortened": shortened}


def page(
    session: Session,
    language: Language,
    *,
    folder: str,
    today: date | None = None,
    kept: str = "",
) -> str:
    """Return the page of a session, with links as seen from `folder`.

    `kept` is the number and name under which a library keeps it, such as `3 (evening)`.
    Raises `ExportError` for a track whose path no link can hold.
    """
    fonts = f"body {{ font-family: {svg.families(language)}; }}"
    style, script = fonts + svg.STYLE + _resource("page.css"), _resource("page.js")
    rows = zip(count(1), summary.whole(session), summary.steps(session), strict=False)
    return _TEMPLATES.get_template("page.html").render(
        session=session,
        is_calm=not session.relaxed and all(map(is_budget, session.warnings)),
        asked_s=summary.asked_s(session),
        is_loose=summary.is_loose(session),
        profile=summary.profile(session),
        limit_lu=summary.rules(session).loudness_step_lu,
        spans=[(span, list(islice(rows, len(span.slots)))) for span in summary.spans(session)],
        levelled=session.request is not None and session.request.levelled,
        has_style=any(slot.style_step is not None for slot in summary.whole(session)),
        has_tension=any(slot.tension is not None for slot in summary.whole(session)),
        language=language,
        _=language.gettext,
        span_name=partial(svg.span_name, language=language),
        link_to=partial(format_entry, suffix=".xspf", folder=folder),
        title=svg.title_of(session, language),
        today=today,
        kept=kept,
        pictures=[
            svg.inline(session, language, size=size, width=width)
            for size, width in WIDTHS_PX.items()
        ],
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
    )


def _hash(text: str) -> str:
    """Return the name of a style or script in the policy that allows it."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
