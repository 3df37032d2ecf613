"""How much of a long text or a large object a fact keeps. Raw has the rest."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from resources.text import payload

LONGEST_TEXT = 800
"""Bytes of UTF-8: three such texts fit a row of an index (2,704), as marts have."""
CUT = f"cut, as it is longer than {LONGEST_TEXT} bytes"
LARGEST_OBJECT = 256 * 1024
"""Bytes of JSON that a fact keeps of what isn't mapped."""
MANY = 250
"""Objects that are measured together: usually all of them are small, so that each is."""
LEFT_OUT = f"left out, as more than {LARGEST_OBJECT:,} bytes of JSON would be kept"
_largest_record: ContextVar[int | None] = ContextVar("largest_record", default=None)


@contextmanager
def none_beyond(size: int) -> Iterator[None]:
    """Within the block mappings get no record of more than `size` bytes of JSON: whoever has
    encoded them knows, and what a record holds needn't be measured where none is large.
    """
    token = _largest_record.set(size)
    try:
        yield
    finally:
        _largest_record.reset(token)


def cut(text: str) -> str:
    """At most LONGEST_TEXT bytes of it: it ends with the last character that fits whole."""
    if len(encoded := text.encode()) <= LONGEST_TEXT:
        return text
    return encoded[: LONGEST_TEXT - len("…".encode())].decode(errors="ignore") + "…"


def without_largest(found: dict[str, Any]) -> dict[str, Any]:
    """The object without its largest fields, so that its JSON isn't beyond LARGEST_OBJECT."""
    if len(payload.encode(found)) <= LARGEST_OBJECT:
        return found
    sizes = {name: len(payload.encode({name: value})) for name, value in found.items()}
    kept: set[str] = set()
    room = LARGEST_OBJECT
    for name in sorted(sizes, key=lambda name: sizes[name]):
        if (room := room - sizes[name]) < 0:
            break
        kept.add(name)
    return {name: value for name, value in found.items() if name in kept}


def are_small(objects: Sequence[dict[str, Any]]) -> bool:
    """Whether none is beyond LARGEST_OBJECT, for sure: no record is, or many together aren't."""
    largest = _largest_record.get()
    if largest is not None and largest <= LARGEST_OBJECT:
        return True
    return all(
        len(payload.encode(objects[at : at + MANY])) <= LARGEST_OBJECT
        for at in range(0, len(objects), MANY)
    )
