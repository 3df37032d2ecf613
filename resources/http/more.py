"""What an answer says of records that it doesn't hold: in its headers, or beside its list.

Vendors' documents don't name these, or their modules would read them. A server that gives them may
have more all the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resources.text.payload import Json

_NEXT_LINK = re.compile(r"""(?i)\brel\s*=\s*["']?[^"',;]*\bnext\b""")
_TOTAL_HEADERS = ("x-total-count", "x-total", "x-total-records", "x-total-results", "total-count")
_RANGE = re.compile(r"\s*[\w-]+\s+[\d*-]+/(\d{1,15})\s*", re.ASCII)
_PARTS = {"meta", "metadata", "pagination", "paging", "page", "pageinfo", "links", "_links"}
_MORE = {"hasmore", "hasnext", "hasnextpage", "more", "moreresults", "morerecords", "truncated",
         "istruncated", "incomplete"}  # fmt: skip
_NEXT = {"next", "nexturl", "nextlink", "nextpage", "nextpageurl", "nextpagelink", "nextpagetoken",
         "nexttoken", "nextcursor", "nextoffset"}  # fmt: skip
_TOTAL = {"total", "totalcount", "totalrecords", "totalitems", "totalrows", "totalresults",
          "recordstotal", "count"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class More:
    """What says that there are further records; usually nothing does. `there_is`: the words by
    which another page follows. `total`: the largest number that may be meant for a total.
    """

    there_is: str | None = None
    total: int | None = None

    def beyond(self, rows: int) -> str | None:
        """What says that so many rows aren't all; None if nothing does."""
        if self.there_is:
            return self.there_is
        return f"a total of {self.total:,}" if self.total and self.total > rows else None


def in_headers(headers: Mapping[str, str]) -> More:
    """What an answer's headers say (RFC 8288, RFC 9110; `X-Total-Count` by custom)."""
    is_next = _NEXT_LINK.search(headers.get("link", ""))
    totals = [_number(headers.get(name)) for name in _TOTAL_HEADERS]
    if found := _RANGE.fullmatch(headers.get("content-range", "")):
        totals.append(int(found[1]))
    return More('Link: rel="next"' if is_next else None, max(filter(None, totals), default=None))


def in_envelope(value: Json, known: More) -> More:
    """What is `known` by the headers, and what names beside the list say."""
    there_is, total = known.there_is, known.total
    for name, item in _beside(value):
        plain = re.sub("[^a-z]", "", name.lower())
        if plain in _MORE and str(item).strip().lower() in ("true", "1", "yes"):
            there_is = there_is or f"{name[:40]}: true"
        elif plain in _NEXT and item and not isinstance(item, bool):
            there_is = there_is or f"{name[:40]}, which isn't empty"
        elif plain in _TOTAL and (number := _number(item)) is not None:
            total = max(total or 0, number)
    return More(there_is, total)


def _beside(value: Json) -> Iterator[tuple[str, Json]]:
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        if name.lower() in _PARTS and isinstance(item, dict):
            yield from item.items()
        yield name, item


def _number(value: Json) -> int | None:
    if type(value) is int:
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,15}\s*", value, re.ASCII):
        return int(value)
    return None
