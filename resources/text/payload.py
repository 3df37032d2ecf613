"""JSON as vendors send it: bytes to Python, Python to the bytes that Postgres keeps.

orjson is several times faster than the standard library, but turns an integer beyond
64 bits into a float and refuses a lone surrogate. Vendors send both, and what they sent
must be kept, so those bodies take the slower road.
"""

import json
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import Any

import orjson

from resources.errors import ContractError
from resources.text import long_list
from resources.text.encodings import REPLACEMENT, text_of

Json = Any
Body = bytes | bytearray
"""A body as it was received: an answer may have 256 MB, of which nobody wants a copy."""

_ALIKE = bytes.maketrans(b"123456789}] \t\r\n", b"000000000,,,,,,")
"""Any digit is 0, and whatever may follow a number a comma."""
_BIG_INTEGER = b"0" * 19 + b","
_PIECE = 1024 * 1024
_NUMBER = re.compile("[0-9]{1,18}")
_ESCAPE = re.compile(
    r"""\\(?:(?P<good>["\\/bfnrt]|u[0-9a-fA-F]{4})|u[0-9a-fA-F]{0,3}|(?P<other>[^"]?))""", re.DOTALL
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""Neither fits a Postgres text: NUL is refused, a lone surrogate isn't UTF-8."""
MOST_DIGITS = 4300
"""Of an integer: Python reads no longer one, as that takes time with the square of its length."""
_ENDLESS = re.compile(rf"-?\d{{{MOST_DIGITS + 1},}}")
LONG = 4 * 1024 * 1024
"""Bytes from which on records aren't made all at once where they needn't be."""
DEEPEST = 200
"""Levels of nesting that are kept: Python's and orjson's limits come soon after."""
TOO_DEEP = "(nested too deep to be kept)"
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{}\]]', re.DOTALL)
"""A bracket; or a text, in which they mean nothing."""


def decode(body: Body) -> Json:
    """The JSON value of `body`. Raises ContractError when it isn't JSON.

    What is wrong with a value stays in that value: a bad byte, half of an escape or a raw line
    break doesn't spoil its neighbours, and what is nested too deep is a remark. Numbers that
    nothing holds (NaN, 1e400, an integer of more digits than Python reads) become their text, so
    that only their record is broken.
    """
    try:
        if not _has_big_integer(body):
            return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return _loads(text_of(body))
    except (ValueError, RecursionError) as error:
        # Nothing of it is quoted, as it may be somebody's data; but what it is can be said.
        kind = "empty" if not body.strip() else "HTML" if body.lstrip()[:1] == b"<" else str(error)
        raise ContractError(f"the answer isn't JSON ({kind})", body) from None


def decode_in_pieces(body: Body, name: str) -> Json:
    """The same, but a long body's list of objects under `name` comes as a LongList."""
    if len(body) >= LONG and (value := long_list.envelope(body, name, decode)) is not None:
        return value
    return decode(body)


def listed(value: Json) -> Json:
    """A list of objects that came under numbered keys (`{"0": {…}, "2": {…}}`, as PHP writes a
    list with gaps) as a list, in the keys' order; anything else as it is.
    """
    if not (isinstance(value, dict) and value):
        return value
    if all(_NUMBER.fullmatch(key) and isinstance(one, dict) for key, one in value.items()):
        return [value[key] for key in sorted(value, key=int)]
    return value


def encode(value: Json) -> bytes:
    """Canonical bytes of `value`: keys sorted, no blanks, every string storable as text."""
    try:
        encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # half a surrogate, an integer beyond 64 bits, or too deep
        return json.dumps(
            storable(value), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()
    if b"\\" in encoded and b"\\u0000" in encoded:  # one character is looked for much faster
        encoded = orjson.dumps(storable(value), option=orjson.OPT_SORT_KEYS)
    return bytes(memoryview(encoded))  # orjson's own keep 8 kB each, however short they are


def texts_of(values: Sequence[Json]) -> list[str]:
    """The JSON of each value, every string storable as text; keys as they come."""
    with suppress(orjson.JSONEncodeError):
        texts = [orjson.dumps(value).decode() for value in values]
        if "\\u0000" not in "".join(texts):
            return texts
    return [encode(value).decode() for value in values]


def digest(encoded: Body) -> str:
    """128 bits that tell two payloads apart, as Postgres' uuid reads them: it compares no type
    faster. (A Python UUID for each would cost more than the hash.)
    """
    return blake2b(encoded, digest_size=16).hexdigest()


def is_endless(value: Json, depth: int = DEEPEST) -> bool:
    """Whether an integer of too many digits is in `value`, as its text."""
    if isinstance(value, str):
        return len(value) > MOST_DIGITS and _ENDLESS.fullmatch(value) is not None
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and any(is_endless(item, depth - 1) for item in inner)


def unstorable(text: str) -> bool:
    """Whether `text` has a character that Postgres can't keep."""
    return "\x00" in text or not (text.isascii() or _UNSTORABLE.search(text) is None)


def storable(value: Json, depth: int = DEEPEST) -> Json:
    """`value` with every character that Postgres can't keep replaced by U+FFFD, and what is nested
    deeper than `depth` by a remark.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        if not depth:
            return TOO_DEEP
        return {storable(key): storable(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, depth - 1) for item in value] if depth else TOO_DEEP
    return value


def without(value: Json, path: Sequence[str]) -> Json:
    """`value` without the field at `path`, one name a level; in lists, of each item."""
    if isinstance(value, list):
        return [without(item, path) for item in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) > 1:
        return value | {path[0]: without(value[path[0]], path[1:])}
    return {name: item for name, item in value.items() if name != path[0]}


def _has_big_integer(body: Body) -> bool:
    """Whether a number of so many digits stands anywhere, perhaps in a string. (A pattern that
    says so costs more than the parsing.)
    """
    starts = range(0, len(body), _PIECE)
    pieces = (body[at : at + _PIECE + len(_BIG_INTEGER)] for at in starts)
    return any(_BIG_INTEGER in piece.translate(_ALIKE) for piece in pieces)


def _loads(text: str) -> Json:
    try:
        return _LOADS.decode(text)
    except json.JSONDecodeError as error:
        if "escape" not in error.msg:
            raise
        return _LOADS.decode(_ESCAPE.sub(_mended, text))
    except RecursionError:
        return _LOADS.decode(_shallow(text))


def _shallow(text: str) -> str:
    """The text with a remark for what is nested too deep inside of an object."""
    kept, end, depth, objects = [], 0, 0, 0
    for bracket in _BRACKET.finditer(text):
        if bracket[0] in ("[", "{"):
            depth += 1
            objects += bracket[0] == "{" and depth <= DEEPEST
            if objects and depth == DEEPEST + 1:
                kept.append(text[end : bracket.start()])
                end = bracket.start()
        elif bracket[0] in ("]", "}"):
            if objects and depth == DEEPEST + 1:
                kept.append(json.dumps(TOO_DEEP))
                end = bracket.end()
            objects -= bracket[0] == "}" and depth <= DEEPEST
            depth -= 1
    return "".join((*kept, text[end:]))


def _mended(escape: re.Match[str]) -> str:
    """A backslash that begins no escape, or only the beginning of one, as a replacement."""
    if escape["good"]:
        return escape[0]
    return "'" if escape["other"] == "'" else REPLACEMENT + (escape["other"] or "")


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= MOST_DIGITS else text


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


_LOADS = json.JSONDecoder(strict=False, parse_constant=str, parse_float=_float, parse_int=_integer)
"""Not strict: it takes line breaks and other control characters in a text as they are."""
