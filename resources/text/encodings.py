"""A body's bytes as text. JSON is UTF-8; servers send other things, and UTF-8 with bad bytes in it.

A bad byte must cost the value that it is in, and no other: so another encoding is only assumed of a
body that is written in it throughout. To read a body in the wrong one would garble every name.
"""

import codecs
import json
import re

REPLACEMENT = "�"
GOOD_FOR_BAD = 10
"""A body is UTF-8 unless so many bad bytes come on each character beyond ASCII that is good."""
_CUT_OFF = re.compile(rb"[\xc2-\xc5\xe2\xf0][\x80-\xbf]{0,2}(?=[\"\\])")
"""The beginning of a European letter, a sign or an emoji at a text's end: it was cut by bytes."""

_CHARSET = re.compile(r"(?i)\bcharset\s*=\s*[\"']?([\w.:+-]+)")
_READ_ANYHOW = re.compile(r"(?i)utf.*|us-ascii|iso-8859-1|latin-?1|windows-1252|cp1252")
"""Encodings that need no name to be read."""


def text_of(body: bytes | bytearray) -> str:
    """The text; what can't be read of it is replaced by U+FFFD."""
    encoding = json.detect_encoding(body)
    if not encoding.startswith("utf-8"):
        return body.decode(encoding, "replace")
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass
    try:
        # Java and MySQL write an emoji as two halves of three bytes each.
        text = body.decode("utf-8", "surrogatepass")
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except UnicodeDecodeError:
        return _spoiled(body)


def in_utf8(body: bytearray, content_type: str) -> bytes | bytearray:
    """The body, written in UTF-8 where it is throughout in another encoding that its header names.
    Headers name what a program has as its default, too: what is UTF-8 stays as it is.
    """
    named = _CHARSET.search(content_type)
    if named is None or _READ_ANYHOW.fullmatch(named[1]) or _is_utf8(body):
        return body
    try:
        return _spoiled(body, named[1]).encode()
    except (LookupError, UnicodeError):
        return body


def _spoiled(body: bytes | bytearray, charset: str = "cp1252") -> str:
    """UTF-8 with bad bytes, or another encoding: if none is named that of Windows in western
    Europe, of which latin-1 is a part.
    """
    text = body.decode("utf-8", "replace")
    replaced = text.count(REPLACEMENT)
    good = len(text) - len(text.encode("ascii", "ignore")) - replaced
    bad = replaced - body.count(REPLACEMENT.encode())
    if bad <= good * GOOD_FOR_BAD or _is_utf8(_CUT_OFF.sub(b"", body)):
        return text
    try:
        return body.decode(charset)
    except UnicodeDecodeError:  # it doesn't fit either
        return text


def _is_utf8(body: bytes | bytearray) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
