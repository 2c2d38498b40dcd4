"""A session as one picture in SVG: what plays over what is planned, and the loudness steps.

Pure: a session goes in, text comes out. The picture is a file of its own, with a list of its
tracks, and a part of the page, where its blocks link to the list. It is drawn for a width in
pixels, so that letters have one size everywhere. It loads nothing. Colours are classes, light in
`STYLE`; a page may override them.
"""

from collections.abc import Sequence
from importlib.resources import files

from playlist_builder.language.text import clock, escaped, shortened
from playlist_builder.models import Session
from playlist_builder.report import loudness_bars, summary
from playlist_builder.report.concerns import MOST, Concern, concerns
from playlist_builder.report.drawing import LEFT, LINE, RIGHT, Sheet, cut, text
from playlist_builder.report.labels import description, legend, title_of
from playlist_builder.report.language import Language
from playlist_builder.report.plot import Comparison, plot

PRINT_WIDTH = 1080
NARROWEST = 240
STYLE = "\n" + files(__package__).joinpath("templates", "picture.css").read_text(encoding="utf-8")
TITLE_HEIGHT = 40
KEY_COLUMN = 340


def picture(session: Session, language: Language, *, width: int = PRINT_WIDTH) -> str:
    """Return a whole SVG document with a title and a list of its tracks, in light colours."""
    width = max(width, NARROWEST)
    noted = concerns(session, language)[:MOST]
    body, height = _drawn(session, language, noted, Sheet(width, TITLE_HEIGHT, is_linked=False))
    told, height = _notes(noted, width, height + LINE)
    key, height = _key(session, language, width, height)
    meant = legend(session, language)
    bottom = height + LINE * (len(meant) + 1)
    size = f'width="{width}" height="{bottom:g}" viewBox="0 0 {width} {bottom:g}"'
    spoken = f'xml:lang="{language.code}" font-family="{families(language)}"'
    title = title_of(session, language)
    length = language.duration(session.duration_s)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img" {size} {spoken}>',
            f"<title>{escaped(title)}</title>",
            f"<desc>{description(session, language)}</desc>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{bottom:g}"/>',
            text(LEFT, 24, cut(title, width - LEFT - 100), "title"),
            text(width - RIGHT, 24, length, "title", "end"),
            *body,
            *told,
            *key,
            *(
                text(LEFT, height + LINE * place, cut(each, width - LEFT - RIGHT), "faint")
                for place, each in enumerate(meant, start=1)
            ),
            "</svg>\n",
        ]
    )


def inline(  # noqa: PLR0913 - what it shows, and how large
    session: Session,
    language: Language,
    *,
    noted: Sequence[Concern] = (),
    size: str = "large",
    width: int = PRINT_WIDTH,
    comparison: Comparison | None = None,
) -> str:
    """Return an SVG element for a page that holds `STYLE`; block n links to `#track-n`.

    Numbers mark the places of what is `noted`. `size` is a class of the element, by which the style
    of the page shows or hides it. With a `comparison` it is of a session that was heard.
    """
    sheet = Sheet(width, 0.0, is_linked=True)
    body, height = _drawn(session, language, noted, sheet, comparison)
    box = f'viewBox="0 0 {width} {height:g}"'
    label = description(session, language)
    return "\n".join(
        [f'<svg class="picture {size}" role="group" aria-label="{label}" {box}>', *body, "</svg>"]
    )


def _drawn(
    session: Session,
    language: Language,
    noted: Sequence[Concern],
    sheet: Sheet,
    comparison: Comparison | None = None,
) -> tuple[list[str], float]:
    """Return the elements of the drawing, and where it ends."""
    body, frame, foot = plot(session, language, noted, sheet, comparison)
    height = loudness_bars.height(session)
    bars = loudness_bars.bars(session, language, frame, foot + 6) if height else ()
    return [*body, *bars], foot + 6 + height


def _notes(noted: Sequence[Concern], width: int, top: float) -> tuple[list[str], float]:
    """Return the sentences that the numbers of the plot lead to, and where they end."""
    lines = []
    for number, each in enumerate(noted, start=1):
        y = top + LINE * (number - 1)
        at = "" if each.at_s is None else f"{clock(each.at_s)} "
        kind = "beyond" if each.is_felt else "name"
        lines.append(text(LEFT, y, f"{number}", kind))
        lines.append(text(LEFT + 18, y, cut(at + each.text, width - LEFT - RIGHT - 18)))
    return lines, top + LINE * (len(noted) + bool(noted))


def _key(session: Session, language: Language, width: int, top: float) -> tuple[list[str], float]:
    """Return number, start, title and artist of every track in columns, and where they end."""
    slots = summary.whole(session)
    columns = max(1, (width - LEFT - RIGHT) // KEY_COLUMN)
    wide = (width - LEFT - RIGHT) / columns
    deep = -(-len(slots) // columns)
    lines = []
    for place, slot in enumerate(slots):
        column, row = divmod(place, deep)
        x, y = LEFT + column * wide, top + row * LINE
        title = shortened(slot.title) or language.gettext("untitled")
        called = f"{title} · {shortened(slot.artist)}" if slot.artist else title
        lines += [
            text(x + 18, y, str(place + 1), "name", "end"),
            text(x + 68, y, clock(slot.start_s), "faint", "end"),
            text(x + 76, y, cut(called, wide - 88)),
        ]
    return lines, top + deep * LINE


def families(language: Language) -> str:
    """Return the fonts of a language as the value of `font-family`."""
    names = (*language.fonts, "sans-serif")
    return ", ".join(f"'{name}'" if " " in name else name for name in names)
