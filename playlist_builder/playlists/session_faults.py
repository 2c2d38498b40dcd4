"""What is wrong with a session document that does not have its type: in words, and where."""

import re
import reprlib
from typing import Any

import msgspec
from msgspec import inspect

from playlist_builder.checked import one_of
from playlist_builder.language.translation import Phrase


def fault(document: Any, error: msgspec.ValidationError, kind: Any) -> Phrase:  # noqa: ANN401 - any JSON
    """Return what is wrong, with its place in the document, such as `slots[3].energy`.

    `kind` is the type that the document should have.
    """
    found = re.search(r".* - at `\$\.(\S+)`\Z", str(error), re.DOTALL)
    place = found[1] if found else ""
    dot = place and f"{place}."
    if error.__cause__ is not None:  # of a `__post_init__`
        return Phrase("{place}{wrong}", place=dot, wrong=error.__cause__.args[0])
    value: Any = document
    kind = inspect.type_info(kind)
    for step in re.findall(r"\w+", place):
        kind = getattr(kind, "type", kind)  # without its description
        if isinstance(value, list):
            value, kind = value[int(step)], kind.item_type
        else:
            value = value[step]
            [kind] = (each.type for each in kind.fields if each.encode_name == step)
        kind = next(iter(getattr(kind, "types", ())), kind)  # of "this or None", this
    if isinstance(value, dict) and isinstance(kind, inspect.StructType):
        missing = next(
            each.encode_name
            for each in kind.fields
            if each.required and each.encode_name not in value
        )
        return Phrase("{key} is missing", key=f"{dot}{missing}")
    return Phrase(
        "{key} must be {wanted}, not {value}",
        key=place,
        wanted=_description(kind),
        value=reprlib.repr(value),
    )


def _description(kind: inspect.Type) -> Phrase:
    if isinstance(kind, inspect.Metadata) and kind.extra:
        wanted: Phrase = kind.extra["wanted"]
        return wanted
    if isinstance(kind, inspect.LiteralType):
        return one_of(map(str, kind.values))
    words: dict[type, Phrase] = {
        inspect.BoolType: Phrase("true or false"),
        inspect.DictType: Phrase("an object"),
        inspect.IntType: Phrase("a whole number"),
        inspect.StrType: Phrase("text"),
        inspect.StructType: Phrase("an object"),
        inspect.VarTupleType: Phrase("a list"),
    }
    return words[type(kind)]
