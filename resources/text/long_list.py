"""A list in JSON that would take several times its bytes in memory: decoded in pieces, as it is
gone through.

Where it can be cut is tried, not known: what is valid JSON by itself ends where a record ends, as
JSON is read from left to right and in one way only.
"""

import re
from collections.abc import Callable, Collection, Iterator
from secrets import token_hex
from typing import Any

import orjson

Json = Any
PIECE = 512 * 1024
TRIES = 20
"""Of places to cut at: others may be within a text, or within a record."""
_BLANKS = rb"[ \t\r\n]*"
"""JSON's own: with any other, the answer isn't JSON."""
_BEGIN = re.compile(rb"\[" + _BLANKS + rb"(?=\{)")
_BETWEEN = re.compile(rb"\}(" + _BLANKS + rb"," + _BLANKS + rb")(?=\{)")
_LONGEST_HEAD = 64 * 1024
"""Of an envelope, before its list."""


class LongList(Collection[Json]):
    """The list's items. Each time that one goes through them they are made anew."""

    __slots__ = ("_body", "_decode", "_length", "_pieces")

    def __init__(
        self, body: bytes | bytearray, pieces: list[slice], length: int, decode: Callable[..., Json]
    ) -> None:
        self._body = body
        self._pieces = pieces
        self._length = length
        self._decode = decode

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Json]:
        for piece in self._pieces:
            yield from self._decode(_list(self._body[piece]))

    def __contains__(self, item: object) -> bool:
        return any(item == one for one in self)


def envelope(
    body: bytes | bytearray, name: str, decode: Callable[[bytes], Json]
) -> dict[str, Json] | None:
    """The object of `body`, in which its list of objects under `name` is a LongList. None where
    that isn't its only such list, or anything is wrong with the JSON: then it has to be read as a
    whole. (A list under another name may tell of a failure.) `decode`: what makes values of the
    pieces.
    """
    begin, end = _BEGIN.search(body, 0, _LONGEST_HEAD), body.rfind(b"]")
    if begin is None or end < begin.end():
        return None
    mark = token_hex()
    # With a text in the list's place: what is valid like this has a list there, and ends after it.
    outline = b"".join((body[: begin.start()], f'"{mark}"'.encode(), body[end + 1 :]))
    pieces: list[slice] = []
    length = 0
    try:
        orjson.loads(outline)
        for piece, number in _pieces(body, begin.end(), end):
            pieces.append(piece)
            length += number
    except orjson.JSONDecodeError:
        return None
    value = decode(outline)
    if isinstance(value, dict) and value.get(name) == mark:
        return value | {name: LongList(body, pieces, length, decode)}
    return None


def _pieces(body: bytes | bytearray, begin: int, end: int) -> Iterator[tuple[slice, int]]:
    """Where each piece is, and how many items it has. Raises JSONDecodeError where one isn't JSON,
    or no place to cut at is found.
    """
    while end - begin > 2 * PIECE:
        cuts = _BETWEEN.finditer(body, begin + PIECE, end)
        for tried, cut in enumerate(cuts, start=1):
            piece = slice(begin, cut.start(1))
            try:
                yield piece, _count(body[piece])
            except orjson.JSONDecodeError:
                if tried == TRIES:
                    raise
            else:
                begin = cut.end()
                break
        else:
            break
    yield slice(begin, end), _count(body[begin:end])


def _count(items: bytes | bytearray) -> int:
    return len(orjson.loads(_list(items)))


def _list(items: bytes | bytearray) -> bytes:
    return b"".join((b"[", items, b"]"))
