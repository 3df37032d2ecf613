"""What bytes say once their escapes are undone, and where each byte of that came from.

In arrays, so that a body of nothing but escapes costs no more than another.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from resources.text import escapes
from resources.text.escapes import NAMED, NAMES, ROUNDS, SEPARATORS

MOST_DIGITS = 24
"""Of a numeric entity, leading zeros included."""
_Array = Any
_HEX = np.full(256, 255, dtype=np.uint8)
for _digits in (b"0123456789abcdef", b"0123456789ABCDEF"):
    _HEX[np.frombuffer(_digits, np.uint8)] = np.arange(16, dtype=np.uint8)
_LOWER = np.frombuffer(bytes(range(256)).lower(), np.uint8)
_BLANK_ESCAPES = np.isin(np.arange(256), list(b"nrtbf"))
_LETTERS = np.isin(np.arange(256), list(b"abcdefghijklmnopqrstuvwxyz"))
_SEPARATORS = np.isin(np.arange(256), list(SEPARATORS))


@dataclass(frozen=True, slots=True)
class View:
    """Bytes in lower case; `spans` says where each begins and ends in what it was made of. None:
    the places are the same.
    """

    text: bytes
    spans: tuple[_Array, _Array] | None = None

    def arrays(self) -> tuple[_Array, _Array, _Array]:
        """The bytes as numbers, and where each begins and ends."""
        start = np.arange(len(self.text), dtype=np.int32)
        return (np.frombuffer(self.text, np.uint8), *(self.spans or (start, start + 1)))

    def places(self, needle: bytes) -> Iterator[tuple[int, int]]:
        """Where the needle stands, in the original."""
        at = self.text.find(needle)
        while at >= 0:
            behind = at + len(needle)
            if self.spans is None:
                yield at, behind
            else:
                start, end = self.spans
                yield int(start[at]), int(end[behind - 1])
            at = self.text.find(needle, behind)


def views(piece: bytes) -> Iterator[View]:
    """The bytes as they are, then with a layer of escapes undone after the other."""
    view = View(piece.lower())
    yield view
    for _ in range(ROUNDS):
        if not escapes.are_in(view.text):
            return
        size = len(view.text)
        view = _undone(view)
        if len(view.text) == size:
            return
        yield view


def squeezed(view: View, codes: Collection[bytes]) -> View | None:
    """Without what may stand between the digits of a code: blanks, colons, commas, dashes, 0x.
    None where it has none of the codes, as nearly always: to look is cheap, to keep places isn't.
    """
    text = np.frombuffer(view.text, np.uint8)
    prefixed = np.flatnonzero((text[:-1] == ord("0")) & (text[1:] == ord("x")))
    bare = view.text.replace(b"0x", b"") if len(prefixed) else view.text
    bare = bare.translate(None, SEPARATORS)
    if not any(code in bare for code in codes):
        return None
    _, start, end = view.arrays()
    drop = _SEPARATORS[text]
    drop[prefixed] = drop[prefixed + 1] = True
    keep = ~drop
    return View(text[keep].tobytes(), (start[keep], end[keep]))


def _undone(view: View) -> View:
    r"""A layer less: `%41`, `\u0041` and `\x41` after any number of backslashes, entities; other
    backslashes are left out, as those that stand before a quote or a slash.
    """
    before, old_start, old_end = view.arrays()
    size = len(before)
    text = np.concatenate([before, np.zeros(MOST_DIGITS + 8, np.uint8)])
    value, start = text.copy(), old_start.copy()
    begins, ends = np.zeros(len(text) + 1, np.int32), np.zeros(len(text) + 1, np.int32)
    end = old_end.copy()

    def put(heads: _Array, values: _Array, lengths: _Array) -> None:
        value[heads] = _LOWER[values]
        begins[heads + 1] += 1
        ends[heads + lengths] += 1
        end[heads] = old_end[np.minimum(heads + lengths, size) - 1]

    for mark in (b"%", b"\\x", b"\\u00"):
        heads = np.flatnonzero(text[:size] == mark[0])
        for offset, byte in enumerate(mark[1:], 1):
            heads = heads[text[heads + offset] == byte]
        high, low = _HEX[text[heads + len(mark)]], _HEX[text[heads + len(mark) + 1]]
        good = (high < 16) & (low < 16)
        heads = heads[good]
        put(heads, high[good] * 16 + low[good], np.full(len(heads), len(mark) + 2))
    _put_entities(text, size, put)
    dropped = np.cumsum(begins - ends)[:size] > 0
    escapes = (text[:size] == ord("\\")) & (begins[1 : size + 1] == 0)
    edges = np.diff(np.concatenate([[0], escapes.astype(np.int8), [0]]))
    firsts, behind = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    inside = behind < size
    firsts, behind = firsts[inside], behind[inside]
    start[behind] = old_start[firsts]
    value[behind[_BLANK_ESCAPES[text[behind]]]] = ord(" ")
    keep = ~(dropped | escapes)
    return View(value[:size][keep].tobytes(), (start[keep], end[keep]))


def _put_entities(text: _Array, size: int, put: Any) -> None:
    heads = np.flatnonzero(text[:size] == ord("&"))
    if not len(heads):
        return
    numeric = heads[text[heads + 1] == ord("#")]
    is_hex = text[numeric + 2] == ord("x")
    base = np.where(is_hex, 16, 10)
    at = numeric + 2 + is_hex
    first, number = at.copy(), np.zeros(len(numeric), np.int64)
    for _ in range(MOST_DIGITS - 1):
        digit = _HEX[text[np.minimum(at, len(text) - 1)]]
        good = digit < base
        if not good.any():
            break
        number = np.where(good, np.minimum(number * base + digit, 2**32), number)
        at = at + good
    good = (at > first) & (number < 128)
    lengths = at - numeric + (text[np.minimum(at, len(text) - 1)] == ord(";"))
    put(numeric[good], number[good].astype(np.uint8), lengths[good])
    if not _LETTERS[text[heads + 1]].any():
        return
    found = [
        (match.start(), NAMES[match[1] or match[2]], match.end() - match.start())
        for match in NAMED.finditer(text[:size].tobytes())
    ]
    if found:
        starts, values, sizes = np.array(found).T
        put(starts, values.astype(np.uint8), sizes)
