"""Lists that come page by page: where the next page begins, and which one is the last.

Documents say how to ask. Servers do as they like: pages smaller than asked for, pages with gaps
where rows were deleted, the first or the last page again and again, no page beyond a depth. What
is taken for the end of a list, and why: docs/decisions/end-of-a-list.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from resources.errors import ContractError, WindowTooLargeError
from resources.http.permits import Permit
from resources.text import payload
from resources.vendor_api.vendor import Page, Record

MOST_PAGES = 10_000
"""Of one list: five million records in pages of 500. What has more is asked for in parts."""
MOST_STALE = 2
"""Pages in a row that bring nothing new. One may be, where calls came in and pushed rows on."""
QUIET = 5
"""A poll's first page that is so many times smaller than the largest is taken for the last."""


@dataclass(slots=True)
class LargestPage:
    """The largest page that an account's server has ever given of a stream, as far as is known.
    One that is as large may be full, whatever was asked for.
    """

    rows: int = 0

    def note(self, rows: int) -> None:
        """A page had so many."""
        self.rows = max(self.rows, rows)


@dataclass(slots=True)
class _List:
    """How far a list has been read."""

    pages: int = 0
    offset: int = 0
    """Where its next page begins."""
    rows: int = 0
    """Rows that came, without those that had come on a page before."""
    stale: int = 0
    """Pages in a row that brought nothing new."""
    keys: set[str] = field(default_factory=set)
    """Of the page that is being looked at: they are still new to whoever does."""
    cursor: str | None = None
    is_last: bool = False


class Pages:
    """A window's list, or its lists, page by page. A client asks for a page at each place that
    `offsets`, `numbers` or `cursors` gives, and yields what `take` makes of it:

        for offset in pages.offsets():
            rows, permit = self.http.get(…, params={"offset": offset})
            yield pages.take(rows, permit)

    A list ends with an empty page, or as soon as the vendor's total is reached. Where there is no
    total, a live poll ends it with a small first page, too: the day's full read sees the rest.

    Each of the three raises ContractError when pages bring no record that hadn't come before, and
    WindowTooLargeError when there are too many of them.
    """

    def __init__(
        self,
        report: str,
        key: Callable[[Record], str | None],
        largest: LargestPage,
        is_live: bool,
    ) -> None:
        self._report = report
        self._key = key
        self._largest = largest
        self._is_live = is_live
        self._seen: set[str] = set()
        self._odd: set[str] = set()
        """Digests of what has no key."""
        self._list = _List()

    @property
    def came(self) -> int:
        """How many pages of the list have come."""
        return self._list.pages

    def offsets(self) -> Iterator[int]:
        """Where each page of a list begins: after what came, however few that was. Rows that came
        before don't count, else a page that begins with one of the last page's hides another.
        """
        self._list = _List()
        while self._goes_on():
            yield self._list.offset

    def numbers(self) -> Iterator[int]:
        """The number of each page of a list, from 1."""
        self._list = _List()
        while self._goes_on():
            yield self._list.pages + 1

    def cursors(self) -> Iterator[str | None]:
        """The vendor's own word for where each page of a list begins; None: the first. A list
        ends with the page that has no such word for the next one, be it empty or not.
        """
        self._list = _List()
        used: set[str | None] = set()
        while self._goes_on():
            cursor = self._list.cursor
            if cursor in used:
                raise ContractError(f"{self._report}: the vendor gives the same cursor again")
            used.add(cursor)
            yield cursor
            if self._list.cursor is None:
                return

    def take(
        self,
        records: list[Any],
        permit: Permit,
        total: int | None = None,
        cursor: str | None = None,
    ) -> Page:
        """The page that was asked for last, with its records. `total`: what the vendor counts in
        the list; `cursor`: its word for where the next page begins.
        """
        now = self._list
        now.keys, new = self._look_at(records)
        self._largest.note(len(records))
        now.pages += 1
        now.rows += new
        now.offset += new or len(records)
        now.stale = now.stale + 1 if records and not new else 0
        now.cursor = cursor or None
        if total is not None and now.rows >= total:
            now.is_last = True
        elif not now.cursor:
            now.is_last = not records or (total is None and self._is_quiet)
        return Page(records, permit.id, permit.granted_at, total, self._seen)

    @property
    def _is_quiet(self) -> bool:
        """Whether a poll got a first page that is far from full."""
        now = self._list
        return self._is_live and now.pages == 1 and now.rows * QUIET < self._largest.rows

    def _goes_on(self) -> bool:
        """Whether another page is to be asked for, now that the last one has been looked at."""
        now = self._list
        self._seen |= now.keys
        if now.is_last:
            return False
        if now.stale == MOST_STALE:
            raise ContractError(
                f"{self._report}: {MOST_STALE} pages in a row brought no record that hadn't come "
                "before: the vendor ignores where a page begins, or gives its last page again"
            )
        if now.pages == MOST_PAGES:
            raise WindowTooLargeError(f"{self._report}: {MOST_PAGES:,} pages came, and not all")
        return True

    def _look_at(self, records: list[Any]) -> tuple[set[str], int]:
        """Keys, and how many rows hadn't come on a page before."""
        keys: set[str] = set()
        odd: set[str] = set()
        new = 0
        for record in records:
            key = self._key(record) if isinstance(record, dict) else None
            if key is not None:
                keys.add(key)
                new += key not in self._seen
            else:
                digest = payload.digest(payload.encode(record))
                odd.add(digest)
                new += digest not in self._odd
        self._odd |= odd
        return keys, new


def read_link(base_url: str, link: str, report: str) -> tuple[str, dict[str, str]]:
    """The vendor's link to its next page as a path below `base_url`, and parameters. A path alone
    is below the host, as in a browser.

    Raises ContractError where it leads anywhere else: what is sent there would be signed.
    """
    base = urlsplit(base_url.rstrip("/") + "/")
    try:
        found = urlsplit(urljoin(base.geturl(), link))
    except ValueError:
        raise ContractError(f"{report}: the link to the next page can't be read") from None
    is_own = (found.scheme, found.netloc.lower()) == (base.scheme, base.netloc.lower())
    is_below = found.path.startswith(base.path) and ".." not in found.path.split("/")
    if not (is_own and is_below):
        where = f"{found.scheme}://{found.hostname or ''}"
        raise ContractError(
            f"{report}: the link to the next page leads to {where}, not below the account's "
            "base_url: it isn't followed with a credential"
        )
    return found.path[len(base.path) :], dict(parse_qsl(found.query, keep_blank_values=True))
