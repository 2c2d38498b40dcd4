"""A request and the library of today -> a menu: blocks of music for each part of a profile."""

from dataclasses import replace
from itertools import chain

from playlist_builder.arranger import menu as menus
from playlist_builder.arranger.menu import Menu
from playlist_builder.errors import ArrangeError
from playlist_builder.sessions import presence
from playlist_builder.sessions.build import Selection, budget_of, present


def build_menu(selection: Selection, count: int) -> Menu:
    """Return `count` blocks for each part, whose files are all there.

    Raises ArrangeError where the music of the selection cannot fill them.
    """
    menu = _built(selection, count)
    sessions = [menu.worst, *chain.from_iterable(menu.blocks)]
    if not presence.missing_files(chain.from_iterable(map(presence.files_of, sessions))):
        return menu
    return _built(present(selection), count)


def _built(selection: Selection, count: int) -> Menu:
    try:
        menu = menus.menu(selection.tracks, selection.profile, count, selection.constraints)
    except ArrangeError as error:
        raise ArrangeError(
            "{error} {selection}.", error=error, selection=budget_of(selection)
        ) from error
    return replace(menu, warnings=(*menu.warnings, *selection.notes, budget_of(selection)))
