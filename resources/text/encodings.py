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


def _spoiled(body: bytes | bytearray) -> str:
    """UTF-8 with bad bytes, or Windows' encoding of western Europe, of which latin-1 is a part."""
    text = body.decode("utf-8", "replace")
    replaced = text.count(REPLACEMENT)
    good = len(text) - len(text.encode("ascii", "ignore")) - replaced
    bad = replaced - body.count(REPLACEMENT.encode())
    if bad <= good * GOOD_FOR_BAD or _is_utf8(_CUT_OFF.sub(b"", body)):
        return text
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError:  # it doesn't fit either
        return text


def _is_utf8(body: bytes | bytearray) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
