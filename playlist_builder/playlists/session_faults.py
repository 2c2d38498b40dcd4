"""What is wrong with a session document that does not have its type: in words, and where."""

import re
import reprlib
from typing import Any

import msgspec
from msgspec import inspect


def fault(document: Any, error: msgspec.ValidationError, kind: Any) -> str:  # noqa: ANN401 - any JSON
    """Return what is wrong, with its place in the document, such as `slots[3].energy`.

    `kind` is the type that the document should have.
    """
    found = re.search(r".* - at `\$\.(\S+)`\Z", str(error), re.DOTALL)
    place = found[1] if found else ""
    dot = place and f"{place}."
    if error.__cause__ is not None:  # of a `__post_init__`
        return f"{dot}{error.__cause__}"
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
        return f"{dot}{missing} is missing"
    return f"{place} must be {_description(kind)}, not {reprlib.repr(value)}"


def _description(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata) and kind.extra_json_schema:
        return str(kind.extra_json_schema["description"])
    if isinstance(kind, inspect.LiteralType):
        return f"one of {', '.join(map(str, kind.values))}"
    words: dict[type, str] = {
        inspect.BoolType: "true or false",
        inspect.DictType: "an object",
        inspect.IntType: "a whole number",
        inspect.StrType: "text",
        inspect.StructType: "an object",
        inspect.VarTupleType: "a list",
    }
    return words[type(kind)]
