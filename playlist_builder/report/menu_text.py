"""The printed view of a menu: which block may follow which, how long each is and how energetic."""

from collections.abc import Mapping

from playlist_builder.arranger.menu import Menu
from playlist_builder.language.text import clock, printable
from playlist_builder.report.language import ENGLISH, Language
from playlist_builder.report.table import drawn, new_table

LETTERS = "abcdefghi"  # of the blocks of a part


def block_name(number: int, place: int) -> str:
    """Return the name of a block, such as 2b, from the places of its part and of itself, from 0."""
    return f"{number + 1}{LETTERS[place]}"


def menu_text(
    menu: Menu, *, width: int, files: Mapping[str, str], language: Language = ENGLISH
) -> str:
    """Draw a menu: a table of its parts and blocks, the tracks of each, and what to know.

    `files` gives the file of a block by its name, where it has one.
    """
    worst = menu.worst
    gettext, told = language.gettext, language.sentence
    comma, silence = gettext(", "), gettext("silence ({length})")
    listed = gettext("{name}: {list}")
    columns = ("from", "block", "phase", "length", "energy", "plan", "off plan", "file")
    table = new_table(*columns, language=language)
    tracks = []
    for number, (part, blocks) in enumerate(zip(menu.parts, menu.blocks, strict=True)):
        for place, block in enumerate(blocks):
            name = block_name(number, place)
            played_s = sum(slot.duration_s for slot in block.slots)
            means = (
                sum(getattr(slot, key) * slot.duration_s for slot in block.slots) / played_s
                for key in ("energy", "target")
            )
            table.add_row(
                "" if place else clock(part.start_s),
                name,
                "" if place else printable(comma.join(map(language.profile_word, part.phases))),
                clock(block.duration_s),
                *(f"{mean:.2f}" for mean in means),
                f"{block.rms_error:.2f}",
                printable(files.get(name, "")),
            )
            titles = [
                title
                for slot, silences in zip(block.slots, block.silences_behind, strict=True)
                for title in (
                    f"{printable(slot.title or slot.path)} ({clock(slot.duration_s)})",
                    *(silence.format(length=clock(each.duration_s)) for each in silences),
                )
            ]
            tracks.append(listed.format(name=name, list=comma.join(titles)))
    tail = comma.join(printable(slot.title or slot.path) for slot in worst.tail)
    count = len(menu.blocks[0])
    any_of = gettext("any {number}")
    chain = gettext(", then ").join(
        any_of.format(number=number) for number in range(1, len(menu.parts) + 1)
    )
    heading = gettext("{profile}: {count} blocks for each of {parts} parts")
    after = gettext("tail, behind any last block: {list}").format(list=tail)
    paths = gettext("play {chain}: {count} paths of {shortest} to {longest}, each without repeats")
    errors = gettext(
        "distance from the plan {best:.3f} to {worst:.3f} (root mean square, 0 to 1); of one"
        " session alone {alone:.3f}"
    )
    gave_way, note = gettext("gave way on some path: {text}"), gettext("note: {text}")
    return "\n".join(
        [
            heading.format(profile=printable(worst.profile), count=count, parts=len(menu.parts)),
            drawn(table, width),
            *tracks,
            *([after] if tail else []),
            paths.format(
                chain=chain,
                count=menu.paths,
                shortest=clock(menu.shortest_s),
                longest=clock(menu.longest_s),
            ),
            errors.format(best=menu.best_error, worst=worst.rms_error, alone=menu.alone_error),
            *(gave_way.format(text=printable(told(each))) for each in menu.relaxed),
            *(note.format(text=printable(told(each))) for each in menu.warnings),
        ]
    )
