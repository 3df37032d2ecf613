"""Values as the text format of Postgres' COPY has them, a column at a time.

A driver formats row by row and looks at each value's type: with a load's wide rows, that was a
sixth of its CPU. A column has one type, or nearly, and often few values.

Not here: columns of frames (frame_text), for which pandas is imported.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import orjson

from resources.text import payload

NULL = r"\N"
ROWS_AT_ONCE = 500
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def texts(values: Sequence[Any]) -> list[str]:
    """Plain values; None is NULL. Objects and lists become JSON."""
    return texts_of(values, kinds_of(values))


def kinds_of(values: Iterable[Any]) -> set[type]:
    """The values' types."""
    return set(map(type, values))


def texts_of(values: Sequence[Any], kinds: set[type]) -> list[str]:
    """`texts`, where somebody has looked at the types already."""
    kinds = kinds - {type(None)}
    if kinds and kinds <= {dict, list}:
        told = payload.texts_of(values)
        pairs = zip(values, told, strict=True)
        values = [None if value is None else text for value, text in pairs]
        return _strings(values)
    if kinds == {float}:
        return floats(values)
    if len(kinds) <= 1 and values and values.count(values[0]) == len(values):
        return [_text(values[0])] * len(values)
    if are(kinds, str):  # words of a vocabulary are strings, too
        return _strings(values)
    if len(kinds) == 1:
        known = {value: _text(value) for value in set(values)}
        return [known[value] for value in values]
    return [_text(value) for value in values]


def are(kinds: Iterable[type], allowed: type | tuple[type, ...]) -> bool:
    """Whether each of the types is one of those that are allowed."""
    return all(issubclass(kind, allowed) for kind in kinds)


def lines(columns: Iterable[Sequence[str]]) -> Iterator[str]:
    """The columns' rows, some hundreds at a time."""
    rows = map("\t".join, zip(*columns, strict=True))
    while piece := list(islice(rows, ROWS_AT_ONCE)):
        yield "\n".join(piece) + "\n"


def _strings(values: Sequence[str | None]) -> list[str]:
    """One look at all of them: hardly a batch has anything to escape."""
    everything = "".join(filter(None, values))
    if any(chr(special) in everything for special in _ESCAPES):
        return [_text(value) for value in values]
    return [NULL if value is None else value for value in values]


def floats(values: Any) -> list[str]:
    """The fastest way to write a number that there is, for one or more; NaN is NULL."""
    numbers = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY).decode()[1:-1].split(",")
    return [NULL if number == "null" else number for number in numbers]


def _text(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, dict | list):
        value = payload.encode(value).decode()
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)
