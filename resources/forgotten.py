"""People who have been forgotten: known by keyed hashes alone, and found again in any text.

A hash says nothing without the warehouse's secret, and with it only whether a number that somebody
has already is one of them.
"""

import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from resources.text.foreign_text import SEPARATORS

HEX_DIGITS = 32
TAIL_DIGITS = 7
"""The last digits of a number: whatever stands before them, its spelling ends with these."""
LONGEST = 20
"""Digits: fifteen of a number, and what may be dialled before it."""
MOST_PREFIX = 5
"""Digits that a telephone system dials before a number and that belong to no numbering plan."""
_RUN = re.compile(f"[+0-9][+0-9{SEPARATORS}]{{5,}}[0-9]")
"""What may hold a number: one class of characters, which is looked for fastest."""
LONGEST_GAP = 4
"""Characters between two digits of one number."""
_GROUP = re.compile(r"\+?[0-9]+")
_ESCAPE = re.compile("%2([0-9A-Fa-f])")
_DIGIT = re.compile("[0-9]")


class HashKind(StrEnum):
    """What a hash is of."""

    NUMBER = "number"
    RECORD = "record"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A row of `ops.suppressed`: whose data are left out, or kept without the person."""

    hash: str
    kind: HashKind
    keeps_calls: bool
    tail: int | None


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text has the number of somebody forgotten."""

    start: int
    end: int
    suppressed: Suppressed


class Hasher:
    """Keyed hashes by the warehouse's secret."""

    def __init__(self, secret: bytes) -> None:
        # The same from here on for all texts: to begin anew for each costs twice as much.
        self._begun = begun = hmac.new(secret, digestmod="sha256")

        @lru_cache(maxsize=20_000)
        def tail(digits: str) -> int:
            return int.from_bytes(_digest(begun, f"tail {digits}")[:2])

        self._tail = tail

    def number(self, number: str) -> str:
        """Of a number in E.164."""
        return self._hash(f"{HashKind.NUMBER} {number}")

    def record(self, account: str, stream: str, key: str) -> str:
        """Of a record by its key, or by its digest where it has none."""
        return self._hash(f"{HashKind.RECORD} {account}/{stream}/{key}")

    def account(self, name: str) -> str:
        """Of an account."""
        return self._hash(f"{HashKind.ACCOUNT} {name}")

    def tail(self, digits: str) -> int:
        """16 bits of a number's last digits: they spare nearly all others a closer look, and one
        number in 65,536 has the same.
        """
        return self._tail(digits[-TAIL_DIGITS:])

    def _hash(self, text: str) -> str:
        return _digest(self._begun, text).hex()[:HEX_DIGITS]


def _digest(begun: hmac.HMAC, text: str) -> bytes:
    hasher = begun.copy()
    hasher.update(text.encode("utf-8", "surrogatepass"))
    return hasher.digest()


class Forgotten:
    """Those whose numbers are suppressed."""

    def __init__(self, hasher: Hasher, rows: Iterable[Suppressed]) -> None:
        self.hasher = hasher
        numbers = [row for row in rows if row.kind is HashKind.NUMBER]
        self._by_hash = {row.hash: row for row in numbers}
        self._tails = {row.tail for row in numbers}

    def __bool__(self) -> bool:
        return bool(self._by_hash)

    def mentions(self, text: str, country: str) -> Iterator[Mention]:
        """Every place of the text that has one of the numbers, in whatever spelling. National ones
        are read as those of `country`.
        """
        if not self._by_hash:
            return
        plain = _ESCAPE.sub(lambda escape: f"  {'+' if escape[1] in 'bB' else ' '}", text)
        for run in _RUN.finditer(plain):
            groups: list[re.Match[str]] = []
            digits = ""
            for group in _GROUP.finditer(plain, run.start(), run.end()):
                if groups and group.start() - groups[-1].end() > LONGEST_GAP:
                    groups, digits = [], ""
                groups.append(group)
                digits += group[0].lstrip("+")
                if len(digits) < TAIL_DIGITS or self.hasher.tail(digits) not in self._tails:
                    continue
                if found := self._number(groups, country):
                    first, suppressed = found
                    yield Mention(groups[first].start(), group.end(), suppressed)

    def first(self, text: str, country: str) -> Suppressed | None:
        """Whose number the text has; where there are several, one whose calls aren't kept."""
        found = [mention.suppressed for mention in self.mentions(text, country)]
        return min(found, key=lambda suppressed: suppressed.keeps_calls, default=None)

    def hide(self, text: str, country: str) -> str:
        """The text with stars for the digits of their numbers: as long as before."""
        for mention in self.mentions(text, country):
            hidden = _DIGIT.sub("*", text[mention.start : mention.end])
            text = text[: mention.start] + hidden + text[mention.end :]
        return text

    def _number(self, groups: list[re.Match[str]], country: str) -> tuple[int, Suppressed] | None:
        """The number that ends with the last group, and the group that it begins with. In doubt
        it is theirs; but the end of a number with a plus isn't another number.
        """
        for first in range(len(groups)):
            begin, *rest = (group[0] for group in groups[first:])
            text = begin + "".join(part.lstrip("+") for part in rest)
            if len(text) > LONGEST:
                continue
            numbers = _numbers(text, country)
            known = (self._by_hash.get(self.hasher.number(number)) for number in numbers)
            if found := next(filter(None, known), None):
                return first, found
            if numbers and text.startswith("+") and not any(part.startswith("+") for part in rest):
                return None
        return None


def _numbers(text: str, country: str) -> set[str]:
    """What digits may mean, in E.164: an international number, also without its plus or with 00 for
    it; a national one, also after what a telephone system dials before it.
    """
    from resources.vendor_api import phones  # where nobody is forgotten it isn't needed

    digits = text.lstrip("+")
    spellings = [f"+{digits}"]
    if not text.startswith("+"):
        most = min(MOST_PREFIX, len(digits) - TAIL_DIGITS)
        spellings += [digits[length:] for length in range(most + 1)]
    if digits.startswith("00"):
        spellings.append(f"+{digits[2:]}")
    return set(filter(None, (phones.e164(spelling, country) for spelling in spellings)))
