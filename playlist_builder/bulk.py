"""Many values of one frozen class at once, from columns, for a fraction of what each one costs.

The constructor of a frozen dataclass sets its fields one by one in Python. Here each column is set
in one go, without a line of Python per value. It refuses to check anything: it is for classes that
do not either.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import Any, TypeVar

T = TypeVar("T")

AT_ONCE = 500
"""Values that are made together: as many as stay near the processor from field to field."""


def made(kind: type[T], count: int, columns: Iterable[Iterable[Any]]) -> list[T]:
    """Return `count` values of a dataclass with slots; `columns` hold all its fields, in order.

    Raises ValueError where a column is too short or there are too few or too many columns.
    """
    return [value for batch in _batches(kind, count, columns) for value in batch]


def _batches(kind: type[T], count: int, columns: Iterable[Iterable[Any]]) -> Iterator[Sequence[T]]:
    names: tuple[str, ...] = kind.__slots__  # type: ignore[attr-defined]
    fields = [
        (getattr(kind, name).__set__, iter(column))
        for name, column in zip(names, columns, strict=True)
    ]
    for first in range(0, count, AT_ONCE):
        batch = list(map(object.__new__, repeat(kind, min(AT_ONCE, count - first))))
        for put, column in fields:
            some = list(islice(column, len(batch)))
            if len(some) < len(batch):
                raise ValueError(f"{count} values of {kind.__name__} need longer columns")
            deque(map(put, batch, some), maxlen=0)
        yield batch
