"""The printed view of a menu: which block may follow which, how long each is and how energetic."""

from collections.abc import Mapping

from playlist_builder.arranger.menu import Menu
from playlist_builder.report.table import drawn, new_table
from playlist_builder.text import clock, printable

LETTERS = "abcdefghi"  # of the blocks of a part


def block_name(number: int, place: int) -> str:
    """Return the name of a block, such as 2b, from the places of its part and of itself, from 0."""
    return f"{number + 1}{LETTERS[place]}"


def menu_text(menu: Menu, *, width: int, files: Mapping[str, str]) -> str:
    """Draw a menu: a table of its parts and blocks, the tracks of each, and what to know.

    `files` gives the file of a block by its name, where it has one.
    """
    worst = menu.worst
    table = new_table("from", "block", "phase", "length", "energy", "plan", "off plan", "file")
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
                "" if place else printable(", ".join(part.phases)),
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
                    *(f"silence ({clock(each.duration_s)})" for each in silences),
                )
            ]
            tracks.append(f"{name}: {', '.join(titles)}")
    tail = ", ".join(printable(slot.title or slot.path) for slot in worst.tail)
    count = len(menu.blocks[0])
    durations = f"{clock(menu.shortest_s)} to {clock(menu.longest_s)}"
    errors = f"{menu.best_error:.3f} to {worst.rms_error:.3f} (root mean square, 0 to 1)"
    chain = ", then ".join(f"any {number}" for number in range(1, len(menu.parts) + 1))
    return "\n".join(
        [
            f"{printable(worst.profile)}: {count} blocks for each of {len(menu.parts)} parts",
            drawn(table, width),
            *tracks,
            *([f"tail, behind any last block: {tail}"] if tail else []),
            f"play {chain}: {menu.paths} paths of {durations}, each without repeats",
            f"distance from the plan {errors}; of one session alone {menu.alone_error:.3f}",
            *(f"gave way on some path: {printable(str(each))}" for each in menu.relaxed),
            *(f"note: {printable(str(each))}" for each in menu.warnings),
        ]
    )
