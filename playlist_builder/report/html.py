"""A session as one page of HTML, complete in itself: to read on screen or phone, print and play.

Pure: a session goes in, text comes out; the HTML is in `templates/page.html`. The page holds its
style, script and pictures. By its policy the browser loads nothing but the tracks, which stay where
they are and are linked relative to the folder of the page.
"""

from datetime import date
from functools import partial
from itertools import count, islice

from playlist_builder.language.text import shortened
from playlist_builder.models import Session
from playlist_builder.playlists.entry_paths import format_entry
from playlist_builder.report import summary, svg
from playlist_builder.report.concerns import MOST, concerns
from playlist_builder.report.labels import legend, span_name, title_of
from playlist_builder.report.language import Language, number
from playlist_builder.report.standouts import standouts
from playlist_builder.report.templating import (
    TEMPLATES,
    WIDTHS_PX,
    foot_style,
    policy_hash,
    resource,
)


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
    style = fonts + svg.STYLE + resource("page.css") + _page_foot(session, language, today, kept)
    script = resource("page.js")
    found = concerns(session, language)
    noted = found[:MOST]
    found_out, silences = standouts(session, language), session.silences_behind
    rows = zip(count(1), summary.whole(session), found_out, silences, strict=False)
    return TEMPLATES.get_template("page.html").render(
        session=session,
        label=session.request.name if session.request else "",
        peak=summary.peak(session),
        noted=noted,
        unsaid=len(session.warnings) + len(session.relaxed) - len(noted),
        remarks=_remarks(session, language),
        legend=legend(session, language),
        profile=summary.profile(session),
        spans=[(span, list(islice(rows, len(span.slots)))) for span in summary.spans(session)],
        language=language,
        _=language.gettext,
        ngettext=language.ngettext,
        span_name=partial(span_name, language=language),
        link_to=partial(format_entry, suffix=".xspf", folder=folder),
        title=title_of(session, language),
        today=today,
        kept=kept,
        pictures=[
            svg.inline(session, language, noted=noted, size=size, width=width)
            for size, width in WIDTHS_PX.items()
        ],
        style=style,
        style_hash=policy_hash(style),
        script=script,
        script_hash=policy_hash(script),
    )


def _remarks(session: Session, language: Language) -> list[str]:
    """Return sentences on the whole session: its length, its scale, how near it is to the best."""
    _ = language.gettext
    slots = summary.whole(session)
    length, asked = map(language.duration, (session.duration_s, summary.asked_s(session)))
    relative, absolute = _("Energies are percentiles of the library."), _("Energies are absolute.")
    remarks = [
        _("It lasts {length}; {asked} were asked for.").format(length=length, asked=asked),
        relative if session.scale == "relative" else absolute,
        _("What plays is off the plan by {error} (root mean square, 0 to 1).").format(
            error=number(session.rms_error, 3)
        ),
    ]
    if session.bound:
        costs = {"cost": number(session.cost, 4), "bound": number(session.bound, 4)}
        text = _(
            "What is off the plan or rough at a join adds up to {cost}; no session of these tracks"
            " goes below {bound}."
        )
        remarks.append(text.format(**costs))
    if summary.is_loose(session):
        text = _("That bound is a rough one: it does not tell whether a better session exists.")
        remarks.append(text)
    if session.request is not None and session.request.levelled:
        remarks.append(_("Steps are those of a player that makes all tracks equally loud."))
    if any(slot.tension is not None for slot in slots):
        remarks.append(_("Tension from 0 to 1 is a hint: what listeners would say."))
    return remarks


def _page_foot(session: Session, language: Language, today: date | None, kept: str) -> str:
    """Return the style of the margin of printed pages: what they are of, and their number."""
    name = language.gettext("Session {number}").format(number=shortened(kept)) if kept else ""
    day = language.day(today) if today else ""
    return foot_style(shortened(title_of(session, language)), name, day)
