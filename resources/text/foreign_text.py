"""Text of others, made harmless for where it is shown.

Vendors' messages, names, keys and addresses are data: none of them may format a page, call a
channel, move a cursor, or load anything. Sentences are ours; what they quote is marked, short, and
on one line (`quoted`). Whoever shows a text calls the function named for the place.
"""

import html
import re
from itertools import chain, zip_longest

from resources.text.encodings import REPLACEMENT

QUOTED = 200
"""Characters of a quotation."""
LONGEST = 2_000
"""Characters of a sentence with its quotations."""
SEPARATORS = (
    "\\s().\\-/_\u00a0\u00ad\u00b7\u1680\u2000-\u2015\u202a-\u202f\u205f-\u2064\u2066-\u2069\u2212"
    "\u3000\ufeff"
)
"""What stands between a number's digits, the invisible too; in brackets, here and in Postgres."""

_CONTROL = re.compile(
    # C0, DEL and C1, without tab and line feed; and what turns the direction of writing.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&])")
_LIVE = re.compile(r"([\\\[\]<])")
"""Without these there is no link, no image and no HTML."""
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*:)//|\b(www)\.")
_QUOTATION = re.compile("“[^”]*”?")
_SPLIT = re.compile(f"({_QUOTATION.pattern})")
_LONG_NUMBER = re.compile(r"\d{7,}")
_DIGITS = re.compile(r"\d(?:[\d\s().+/-]*\d){3,}")
_NUMBERS_BACKWARDS = re.compile(rf"(?:(?:[0-9A-Fa-f]?2)?%|[+0-9{SEPARATORS}])*+")
_NUMBER_BEGINS = re.compile(r"[+0-9]")
_JOINER = "\u2060"
"""Nothing to see; but an address with it is no link."""


def quoted(text: object, most: int = QUOTED) -> str:
    """“…”: what somebody else says, within a sentence of ours."""
    flat = " ".join(for_terminal(_begin(str(text), most * 4)).split()).replace("”", '"')
    return f"“{flat if len(flat) <= most else _begin(flat, most) + '…'}”"


def short(text: str, most: int = LONGEST) -> str:
    """`text`, cut where it is longer, and how long it was."""
    return text if len(text) <= most else f"{_begin(text, most)}… (cut: {len(text):,} characters)"


def without_last_number(text: str) -> str:
    """What a cut left of a text, without the number, or the numbers in a row, that it ends in. One
    may be somebody's, and half of it is enough to know them by, but not to find them: they couldn't
    be hidden.
    """
    numbers = _NUMBERS_BACKWARDS.match(text[::-1])
    assert numbers is not None
    begin = _NUMBER_BEGINS.search(text, len(text) - numbers.end())
    return text[: begin.start()] if begin else text


def _begin(text: str, most: int) -> str:
    return text if len(text) <= most else without_last_number(text[:most])


def for_terminal(text: str) -> str:
    """Without characters that a terminal obeys; tabs and line breaks stay."""
    return _CONTROL.sub(REPLACEMENT, text)


def for_markdown(text: str) -> str:
    """As it is in Dagster's descriptions, which are Markdown: no image, link or HTML."""
    return _MARKDOWN.sub(r"\\\1", _unlinked(for_terminal(text)))


def sentence_for_markdown(text: str) -> str:
    """The same for a sentence of ours: what it quotes stays as it is; the rest, in which a vendor's
    key or field may stand, links to nothing and shows no image.
    """
    pieces = _SPLIT.split(for_terminal(short(text)))
    ours = (_LIVE.sub(r"\\\1", _unlinked(piece)) for piece in pieces[::2])
    quotations = map(for_markdown, pieces[1::2])
    return "".join(chain.from_iterable(zip_longest(ours, quotations, fillvalue="")))


def for_slack(text: str) -> str:
    """As it is in a chat, Slack's or one like it: no mention, link or image."""
    escaped = html.escape(_unlinked(for_terminal(text)), quote=False)
    return escaped.replace("@", f"{_JOINER}@").replace("](", f"]{_JOINER}(")


def without_numbers(text: str) -> str:
    """Without the digits of whatever is quoted, which may be somebody's telephone number; and
    without any other number that is as long as one.
    """
    masked = _QUOTATION.sub(lambda quotation: _DIGITS.sub("…", quotation[0]), text)
    return _LONG_NUMBER.sub("…", masked)


def _unlinked(text: str) -> str:
    return _SCHEME.sub(
        lambda found: f"{found[1]}{_JOINER}//" if found[1] else f"{found[2]}{_JOINER}.", text
    )
