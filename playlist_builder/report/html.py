"""A session as one page of HTML, complete in itself: read on screen or phone, printed, listened to.

Pure. The page holds its style, its script and its pictures, and by its policy the browser fetches
nothing but the tracks, which stay where they are and are linked as seen from the page's folder.
Whatever came from a tag passes through `text`. It refuses to open or write any file.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from html import escape
from importlib.resources import files

from playlist_builder.models import Session
from playlist_builder.playlists.dialects import spelled
from playlist_builder.profiles.profile import Phase, Profile
from playlist_builder.report import summary, svg
from playlist_builder.report.language import Words, clock, number, signed
from playlist_builder.text import escaped, short

WIDTHS = {"large": 1080, "middle": 700, "small": 362}
"""Of the picture in pixels: on a screen, on A4 and tablets, on a phone; the style shows one."""

TO = "\N{EN DASH}"
VOICE_CLASSES = {"unknown": "unsure", "sung": "heard", "spoken": "heard"}

PLAY = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2l10 6-10 6z"/></svg>'
JOIN = (
    '<svg viewBox="0 0 16 16" aria-hidden="true">'
    '<path d="M1 3l6 5-6 5zM9 3l6 5-6 5zM7.4 1h1.2v14H7.4z"/></svg>'
)


def page(session: Session, words: Words, *, folder: str, today: date | None = None) -> str:
    """Return the page of a session that is to lie in `folder`.

    Raises `ExportError` for a track whose path no link can hold.
    """
    room = files(__package__).joinpath("templates")
    style = f"body {{ font-family: {svg.families(words)}; }}{svg.STYLE}" + room.joinpath(
        "page.css"
    ).read_text(encoding="utf-8")
    script = room.joinpath("page.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
        " media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
    title = escaped(svg.title_of(session))
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{words.code}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{words.session}: {title}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            f'<a class="skip" href="#list">{words.skip}</a>',
            *_header(session, words, title, today),
            "<main>",
            *_to_know(session, words),
            *_curve(session, words),
            *_list(session, words, folder),
            *_spares(session, words, folder),
            *_profile(session, words),
            "</main>",
            f'<footer class="colophon">{words.footer}</footer>',
            *_player(words),
            f"<script>{script}</script>",
            "</body>",
            "</html>\n",
        ]
    )


def _hash(text: str) -> str:
    """Return what a policy calls a style or script that it allows."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _player(words: Words) -> Iterator[str]:
    yield (
        f'<aside class="player" aria-label="{words.player}"'
        f' data-unplayable="{escaped(words.unplayable)}" hidden>'
    )
    yield "<output></output>"
    yield '<audio controls preload="none"></audio><audio controls preload="none" hidden></audio>'
    yield "</aside>"


def _header(session: Session, words: Words, title: str, today: date | None) -> Iterator[str]:
    profile = summary.profile(session)
    asked = words.duration(session.target_s)
    facts = [
        (words.length, words.of.format(length=words.duration(session.duration_s), asked=asked)),
        (words.tracks, str(len(session.slots))),
        (words.distance, number(session.rms_error, 2)),
    ]
    yield f"<header><h1>{title}</h1>"
    if profile and profile.summary:
        yield f"<p>{escaped(profile.summary)}</p>"
    yield '<dl class="facts">'
    yield from (f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    if today:
        day = f'<time datetime="{today.isoformat()}">{words.day(today)}</time>'
        yield f"<div><dt>{words.made}</dt><dd>{day}</dd></div>"
    yield "</dl></header>"


def _to_know(session: Session, words: Words) -> Iterator[str]:
    calm = "" if session.warnings or session.relaxed else " calm"
    yield f'<section class="know{calm}" aria-labelledby="know">'
    yield f'<h2 id="know">{words.warnings}</h2>'
    if session.warnings:
        yield _sentences(session.warnings, words)
    if session.relaxed:
        yield f"<h2>{words.relaxed}</h2>"
        yield _sentences(session.relaxed, words)
    else:
        yield f"<p>{words.nothing_relaxed}</p>"
    yield "</section>"


def _sentences(sentences: Sequence[str], words: Words) -> str:
    items = []
    for sentence in sentences:
        said = words.said(sentence)
        items.append(
            f'<li lang="en">{escaped(sentence)}</li>'
            if said is None
            else f"<li>{escaped(said)}</li>"
        )
    return f"<ul>{''.join(items)}</ul>"


def _curve(session: Session, words: Words) -> Iterator[str]:
    yield f'<section aria-labelledby="curve"><h2 id="curve">{words.curve}</h2><figure>'
    for size, width in WIDTHS.items():
        drawn = svg.inline(session, words, width=width)
        yield drawn.replace('class="picture"', f'class="picture {size}"', 1)
    yield f'<figcaption class="detail">{words.hover}</figcaption></figure></section>'


def _list(session: Session, words: Words, folder: str) -> Iterator[str]:
    limit = f"{summary.rules(session).loudness_step_lu:g} LU"
    head = [
        ("place", "#"),
        ("when", f"{words.start}<br>{words.length}"),
        ("what", f"{words.title}<br>{words.artist}"),
        ("level right", f"{words.energy.capitalize()}<br>{words.plan}"),
        ("loud right", f"{words.loudness}<br>{words.rise}"),
        ("voice", words.vocals),
        ("notes", words.notes),
    ]
    yield f'<section id="list" aria-labelledby="tracks"><h2 id="tracks">{words.list}</h2>'
    yield f'<p class="faint" id="told">{words.list_told.format(limit=limit)}</p>'
    yield '<table class="tracks" role="table" aria-labelledby="tracks" aria-describedby="told">'
    yield '<thead role="rowgroup"><tr role="row">'
    yield from (
        f'<th scope="col" role="columnheader" class="{kind}">{text}</th>' for kind, text in head
    )
    yield (
        f'<th scope="col" role="columnheader" class="listen" hidden>'
        f'<span class="unseen">{words.listen}</span></th></tr></thead>'
    )
    rows = iter(_rows(session, words, folder))
    for span in summary.spans(session):
        name = words.tail if span.is_tail else escaped(short(span.name))
        told = f"{clock(span.start_s)}{TO}{clock(span.end_s)}"
        if span.is_tail:
            told += f", {words.tail_told}"
        yield f'<tbody role="rowgroup" class="{"tail" if span.is_tail else "phase"}">'
        yield (
            f'<tr class="span" role="row"><th scope="rowgroup" role="rowheader" colspan="8">'
            f'{name}<span class="faint">{told}</span></th></tr>'
        )
        yield from (next(rows) for _ in span.slots)
        yield "</tbody>"
    yield "</table></section>"


def _rows(session: Session, words: Words, folder: str) -> Iterator[str]:
    slots, steps = summary.whole(session), summary.steps(session)
    for place, (slot, step) in enumerate(zip(slots, steps, strict=True), start=1):
        title = escaped(short(slot.title)) or words.untitled
        source = escape(spelled(slot.path, ".xspf", folder=folder))
        rise = ""
        if step is not None:
            kind, sign = ("beyond", "▲ ") if step.is_beyond else ("sub", "")
            rise = _sub(words.rise, f"{sign}{signed(step.rise_lu)}", kind)
        doubt = VOICE_CLASSES.get(slot.vocals, "")
        artist = f'<bdi class="sub">{escaped(short(slot.artist))}</bdi>'
        voice = words.voices[slot.vocals]
        cells = [
            ("place", str(place)),
            (
                "when",
                f"<span>{clock(slot.start_s)}</span>{_sub(words.length, clock(slot.duration_s))}",
            ),
            ("what", f'<bdi><a href="{source}">{title}</a></bdi>{artist}'),
            (
                "level right",
                _sub(words.energy, number(slot.energy, 2), "main")
                + _sub(words.plan, number(slot.target, 2)),
            ),
            (
                "loud right",
                _sub(words.loudness, number(slot.loudness_lufs, 1), "main") + rise,
            ),
            (
                "voice",
                f'<span class="{doubt}"><span class="unseen">{words.vocals} </span>{voice}</span>',
            ),
            ("notes", ""),
        ]
        yield (
            f'<tr class="track" role="row" id="track-{place}" data-source="{source}"'
            f' data-title="{title}">'
            + "".join(f'<td role="cell" class="{kind}">{text}</td>' for kind, text in cells)
            + f'<td role="cell" class="listen" hidden>{_buttons(words, title, place)}</td></tr>'
        )


def _spares(session: Session, words: Words, folder: str) -> Iterator[str]:
    """List what stands ready for a track that is to be skipped."""
    if not session.spares:
        return
    yield f'<section aria-labelledby="spares"><h2 id="spares">{words.spares}</h2>'
    yield f'<p class="faint">{words.spares_told}</p><table class="plan"><thead><tr>'
    head = (words.spare_for, words.title, words.artist, words.length, words.energy.capitalize())
    yield from (f'<th scope="col">{text}</th>' for text in head)
    yield "</tr></thead><tbody>"
    for spare in session.spares:
        slot = spare.slot
        source = escape(spelled(slot.path, ".xspf", folder=folder))
        title = escaped(short(slot.title)) or words.untitled
        cells = (
            f'<bdi><a href="{source}">{title}</a></bdi>',
            f"<bdi>{escaped(short(slot.artist))}</bdi>",
            clock(slot.duration_s),
            number(slot.energy, 2),
        )
        place = f'<a href="#track-{spare.place}">{spare.place}</a>'
        yield f'<tr><th scope="row">{place} {escaped(short(slot.phase))}</th>'
        yield from (f"<td>{cell}</td>" for cell in cells)
        yield "</tr>"
    yield "</tbody></table></section>"


def _buttons(words: Words, title: str, place: int) -> str:
    named = [(words.play, PLAY)] + ([(words.join, JOIN)] if place > 1 else [])
    return "".join(
        f'<button type="button" aria-label="{said}" title="{said}">{icon}</button>'
        for said, icon in ((text.format(title=title), icon) for text, icon in named)
    )


def _sub(name: str, value: str, kind: str = "sub") -> str:
    """Return one line of a cell, whose name is read aloud; on a phone it is shown as well."""
    return f'<span class="{kind}"><span class="unseen">{name} </span>{value}</span>'


def _profile(session: Session, words: Words) -> Iterator[str]:
    profile = summary.profile(session)
    yield (
        f'<section class="profile" aria-labelledby="profile"><h2 id="profile">{words.profile}:'
        f" {escaped(short(session.profile))}</h2>"
    )
    cost = ""
    if session.bound:
        cost = words.cost.format(cost=number(session.cost, 3), bound=number(session.bound, 3))
    scale = words.relative if session.scale == "relative" else words.absolute
    yield f'<p class="faint">{scale} {cost}</p>'
    if profile is None:
        yield f"<p>{words.profile_unknown}</p></section>"
        return
    head = (words.phase, words.time, words.level, words.limits, words.basis)
    yield '<table class="plan"><thead><tr>'
    yield from (f'<th scope="col">{text}</th>' for text in head)
    yield "</tr></thead><tbody>"
    for phase in profile.phases:
        cells = (
            f"{clock(phase.start_s)}{TO}{clock(phase.end_s)}",
            _level(phase, words),
            _limits(phase, words),
            escaped(phase.basis),
        )
        yield f'<tr><th scope="row">{escaped(phase.name)}</th>'
        yield from (f"<td>{cell}</td>" for cell in cells)
        yield "</tr>"
    yield "</tbody></table>"
    yield from _sources(profile, words)
    yield "</section>"


def _level(phase: Phase, words: Words) -> str:
    level = number(phase.level_start, 2)
    if phase.level_end != phase.level_start:
        level += f"{TO}{number(phase.level_end, 2)}"
    if phase.wave_depth:
        level += f", {words.wave.format(depth=number(phase.wave_depth, 2))}"
    return level


def _limits(phase: Phase, words: Words) -> str:
    limits = (
        (words.startle, phase.max_startle_lu),
        (words.brightness, phase.max_brightness_hz),
        (words.percussiveness, phase.max_percussiveness),
    )
    return ", ".join(text.format(limit=f"{value:g}") for text, value in limits if value is not None)


def _sources(profile: Profile, words: Words) -> Iterator[str]:
    if profile.sources:
        yield f'<h3>{words.sources}</h3><ol class="sources">'
        yield from (f"<li>{escaped(source)}</li>" for source in profile.sources)
        yield "</ol>"
