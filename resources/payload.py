"""JSON as vendors send it: bytes to Python, Python to the bytes that Postgres keeps.

orjson is several times faster than the standard library, but turns an integer beyond
64 bits into a float and refuses a lone surrogate. Vendors send both, and what they sent
must be kept, so those bodies take the slower road.
"""

import hashlib
import json
import re
from typing import Any
from uuid import UUID

import orjson

from resources.errors import ContractError

Json = Any

_BIG_INTEGER = re.compile(rb"[0-9]{19}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""Neither fits a Postgres text: NUL is refused, a lone surrogate isn't UTF-8."""
REPLACEMENT = "�"


def decode(body: bytes) -> Json:
    """The JSON value of `body`. Raises ContractError when it isn't JSON.

    UTF-8 is what JSON is; a body in latin-1, which old systems send, is read as such.
    """
    try:
        if not _BIG_INTEGER.search(body):
            return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode("latin-1")
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        start = body[:80].decode("utf-8", "replace")
        raise ContractError(
            f"the answer isn't JSON ({error}); it starts {start!r}", body
        ) from None


def encode(value: Json) -> bytes:
    """Canonical bytes of `value`: keys sorted, no blanks, every string storable as text."""
    try:
        encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return json.dumps(storable(value), sort_keys=True, ensure_ascii=False,
                          separators=(",", ":")).encode()
    if b"\\u0000" in encoded:
        return orjson.dumps(storable(value), option=orjson.OPT_SORT_KEYS)
    return encoded


def digest(encoded: bytes) -> UUID:
    """128 bits that tell two payloads apart, in the type that Postgres compares fastest."""
    return UUID(bytes=hashlib.blake2b(encoded, digest_size=16).digest())


def unstorable(text: str) -> bool:
    """Whether `text` has a character that Postgres can't keep."""
    return _UNSTORABLE.search(text) is not None


def storable(value: Json) -> Json:
    """`value` with every character that Postgres can't keep replaced by U+FFFD."""
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
