"""Escapes in bytes that may hold a secret, and what can be told of them without undoing them place
by place (`unescaped`), which costs much more.
"""

import html.entities
import re
from urllib.parse import unquote_to_bytes

Bytes = bytes | bytearray
ROUNDS = 4
"""Escapes within escapes that are undone."""
SEPARATORS = b" \t\r\n:,;-"
"""What may stand between the digits of a code, apart from 0x."""
NAMES = {
    name.removesuffix(";").lower().encode(): ord(char)
    for name, char in html.entities.html5.items()
    if len(char) == 1 and char.isascii()
}
NAMED = re.compile(rb"&(%s);|&(amp|lt|gt|quot)" % b"|".join(sorted(NAMES, key=len)[::-1]))
_ENTITY = re.compile(rb"&#|%s" % NAMED.pattern)
_ESCAPE = re.compile(rb"%%[0-9a-f]{2}|\\|%s" % _ENTITY.pattern)
"""Whatever there is to undo. To look for it is cheap, to keep places isn't."""
_LOWER = bytes(range(256)).lower()


def are_in(text: Bytes) -> bool:
    """Whether there are any."""
    if not any(mark in text for mark in (b"%", b"\\", b"&")):  # each is looked for much faster
        return False
    return _ESCAPE.search(text.lower()) is not None


def bare(text: Bytes) -> Bytes:
    """The text in lower case, without what may stand between the digits of a code: what isn't in
    this, bare itself, isn't in the text, however it is separated.
    """
    return text.translate(_LOWER, SEPARATORS + b"0xX")


def undone(text: Bytes) -> bytes | None:
    """The text with a layer of escapes undone; None where others than percent signs are in it."""
    if b"\\" in text or _ENTITY.search(text.lower()):
        return None
    return unquote_to_bytes(bytes(text))
