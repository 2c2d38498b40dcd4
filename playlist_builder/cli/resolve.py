"""The command that finds the works of a list in the library: resolve."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.build import deliver
from playlist_builder.cli.language import _
from playlist_builder.cli.library import open_library, protect_music
from playlist_builder.cli.main import main
from playlist_builder.cli.request import name_option, request_of
from playlist_builder.cli.written import check_outputs

if TYPE_CHECKING:
    from playlist_builder.sessions.offers import Offer


@main.command()
@click.argument("playlist", metavar="LIST", type=click.Path(exists=True, dir_okay=False))
@click.argument("profile", required=False)
@options.outputs_option(options.PLAYLIST_FORMATS)
@name_option
@options.vocals_option
@options.levelled_option
@options.build_options
def resolve(
    playlist: str,
    profile: str | None,
    outputs: Sequence[str],
    library: str | None,
    called: str,
    *,
    dry_run: bool,
    as_json: bool,
    **fields: Any,
) -> None:
    """Make a session of your own copies of the works of LIST (JSPF, XSPF, M3U, PLS or CSV).

    It plays them in the order of the list. A work is found by its MusicBrainz recording, its ISRC,
    or title, artist and length. In place of one that you do not have plays the nearest in energy,
    tension, style and length, as far as the list tells them: see 'export --without-files'. PROFILE
    is that of the list if not given, or arc. What is found is pinned; 'swap' changes the others.
    """
    wishes = {key: value for key, value in fields.items() if value}
    request = request_of(profile or "arc", library=library, **wishes) if profile or wishes else None
    check_outputs(outputs, as_json=as_json)
    with open_library(library) as opened:
        found = opened.resolve(playlist, request, profile_folders=options.profile_folders())
    protect_music(outputs, library)
    more = {
        "matches": [
            _work(each) | {"path": each.track.path, "by": each.by} for each in found.matches
        ],
        "offers": [
            _work(each) | {"paths": [track.path for track in each.tracks]} for each in found.offers
        ],
    }
    deliver(
        *([found.session], outputs, [outputs], [""]),
        name=called,
        more=more,
        as_json=as_json,
        dry_run=dry_run,
    )
    for each in found.offers:
        if each.tracks:  # the others are in a note
            output.print_message(_told(each))


def _work(each: "api.Match | Offer") -> dict[str, object]:
    return {"number": each.number, "title": each.work.title, "artist": each.work.artist}


def _told(offer: "Offer") -> str:
    """Return what plays in place of a work, and what might."""
    unnamed = _("a work without a name")
    name = f"{offer.number}  {offer.work.name or unnamed}"
    quoted = _("'{title}'")
    first, *others = (quoted.format(title=each.tags.title or each.path) for each in offer.tracks)
    also = _(" (or {list})").format(list=_(", ").join(others)) if others else ""
    return _("{name}: not here, in its place {first}{also}").format(
        name=name, first=first, also=also
    )
