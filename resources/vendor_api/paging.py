"""Lists that come page by page: where the next page begins, and which one is the last.

Documents say how to ask. Servers do as they like: pages smaller than asked for, pages with gaps
where rows were deleted, the first or the last page again and again, no page beyond a depth. What
is taken for the end of a list, and why: docs/decisions/end-of-a-list.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from resources.errors import (
    ContractError,
    CutShortError,
    PageRefusedError,
    PermanentError,
    ThrottledError,
    VendorError,
    WindowTooLargeError,
)
from resources.http.more import More
from resources.http.permits import Permit
from resources.text import payload
from resources.vendor_api.largest_page import LargestPage
from resources.vendor_api.vendor import Page, Record

MOST_PAGES = 10_000
"""Of one list: five million records in pages of 500. What has more is asked for in parts."""
MOST_STALE = 2
"""Pages in a row that bring nothing new. One may be, where calls came in and pushed rows on."""
QUIET = 5
"""A poll's first page that is so many times smaller than the largest is taken for the last."""
LIMIT = 1_000
"""Rows from which on a total may be where its server stops counting, such as 10,000."""
TELLING = 10
"""Rows of a server's largest page, from which on it tells something that a page is full, empty, or
has nothing new. Where pages are smaller, a few deleted rows are all of one.
"""


@dataclass(slots=True)
class _List:
    """How far a list has been read."""

    by: Literal["offset", "number", "cursor"] = "cursor"
    """What its pages are asked for by."""
    has_total: bool = False
    is_counted: bool = False
    """Whether as many rows came as the vendor counts."""
    is_refused: bool = False
    """Whether the place behind its last row was refused, and this row is asked for once more."""
    pages: int = 0
    offset: int = 0
    """Where its next page begins."""
    overlaps: bool = False
    """Whether that is at the last row of a full page, which is to come once more."""
    rows: int = 0
    """Rows that came, without those that had come on a page before."""
    stale: int = 0
    """Pages in a row that brought nothing new."""
    ids: list[str] = field(default_factory=list)
    """The rows of the last page that brought something new: their keys, or digests."""
    is_full: bool = False
    """Whether the last page was as large as a page is."""
    keys: set[str] = field(default_factory=set)
    """Of the page that is being looked at: they aren't among those of all pages yet."""
    cursor: str | None = None
    is_last: bool = False
    doubt: str | None = None
    """Why rows may be lacking between the pages that came."""


class Pages:
    """A window's list, or its lists, page by page. A client asks for a page at each place that
    `offsets`, `numbers` or `cursors` gives, and yields what `take` makes of it:

        for offset in pages.offsets():
            try:
                rows, permit = self.http.get(…, params={"offset": offset})
            except VendorError as error:
                pages.refuse(error)
                continue
            yield pages.take(rows, permit)

    A list ends with an empty page, or as soon as the vendor's total is reached by a page that isn't
    full. Where there is no total, the offset after a full page is that of its last row, and the
    page that has no other row is the end. A live poll ends with a small first page, too: the day's
    full read sees the rest. `limit`: how many rows of a page are asked for.

    Each of the three raises ContractError when pages bring no record that hadn't come before, and
    WindowTooLargeError when there are too many of them, or when rows may be lacking between them:
    half of the list has fewer pages.
    """

    def __init__(
        self,
        report: str,
        key: Callable[[Record], str | None],
        largest: LargestPage,
        is_live: bool,
        limit: int | None = None,
    ) -> None:
        self._report = report
        self._key = key
        self._largest = largest
        self._is_live = is_live
        self._limit = limit
        self._seen: set[str] = set()
        self._odd: set[str] = set()
        """Digests of what has no key."""
        self._list = _List()

    @property
    def came(self) -> int:
        """How many pages of the list have come."""
        return self._list.pages

    @property
    def is_repeated(self) -> bool:
        """Whether the last page brought nothing but what had come."""
        return self._list.stale > 0

    @property
    def seen(self) -> set[str]:
        """Keys of all pages, for a page that is asked for beside the lists."""
        return self._seen

    def offsets(self) -> Iterator[int]:
        """Where each page of a list begins: after what came, however few that was, or at the last
        row of a full page. Rows that came before don't count, else a page that begins with one of
        the last page's hides another.
        """
        self._list = _List("offset")
        while self._goes_on():
            yield self._list.offset

    def numbers(self) -> Iterator[int]:
        """The number of each page of a list, from 1."""
        self._list = _List("number")
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
        is_beyond = now.is_counted and not records
        if is_beyond:
            total = None  # some servers count it beside rows only
        keys = [self._key(one) if isinstance(one, dict) else None for one in records]
        now.keys, ids, fresh = self._look_at(records, keys)
        was_full, now.is_full = now.is_full, self._is_full(len(ids), total)
        new = sum(fresh)
        self._largest.note(len(ids))
        now.has_total |= total is not None
        now.pages += 1
        now.rows += new
        now.cursor = cursor or None
        now.stale = now.stale + 1 if ids and not new else 0
        now.is_counted = is_beyond or (total is not None and now.rows >= total)
        if now.is_counted:
            now.is_last = not (now.is_full and new)
            if now.rows >= LIMIT and not now.is_last:
                now.doubt = f"is full, and ends with the {now.rows:,} rows that are counted"
        elif not now.cursor:
            now.is_last = self._ends(ids, fresh, was_full)
        if now.is_last:
            self._hear(permit.outcome.more, new)
        if new:
            now.ids, now.is_refused = ids, False
        self._move_on(new, len(ids))
        return Page(
            records,
            permit.id,
            permit.granted_at,
            total,
            self._seen,
            keys=keys,
            digest=permit.outcome.digest,
        )

    def refuse(self, error: VendorError) -> None:
        """The page that was asked for last isn't given. One that is refused is beyond the end where
        the vendor's total has been reached, or where one row comes from the place before, which is
        asked for then. Raises the error where it isn't, or may be too deep in the list. What else
        fails beyond the total may pass, and the total be that of a limit: WindowTooLargeError, as
        parts of the window have other totals; but a pause, a refused token or half an answer.
        """
        now = self._list
        if now.is_counted and isinstance(error, PageRefusedError):
            now.is_last = True
            return
        if now.is_counted and not isinstance(
            error, ThrottledError | PermanentError | CutShortError
        ):
            raise WindowTooLargeError(
                f"{self._report}: what follows the {now.rows:,} rows that are counted isn't told: "
                f"{error}"
            ) from error
        may_end = now.by == "offset" and now.rows and not (now.has_total or now.overlaps)
        if not (isinstance(error, PageRefusedError) and may_end):
            raise error
        now.is_refused = now.overlaps = True
        now.offset = now.rows - 1

    def _is_full(self, rows: int, total: int | None) -> bool:
        """Whether a page is as large as those of its server can be. The first ones are the largest
        that have come so far, which a total may explain.
        """
        if rows < TELLING:
            return False
        if total is not None:
            return rows in (self._largest.rows, self._limit)
        # By number an empty page is the end, and would be doubted after each run's largest one.
        by_offset = self._list.by == "offset"
        return rows >= (self._largest.of_run if by_offset else self._largest.rows)

    def _ends(self, ids: list[str], fresh: list[bool], was_full: bool) -> bool:
        """Whether a page is the last one: an empty one, or one with the last rows once more and no
        other. There is a doubt about any that shows other rows again than it was to begin with:
        rows were added, deleted or sorted anew, or are too deep in the list for its server.
        """
        now = self._list
        if not ids:
            if was_full and now.by != "cursor" and not now.has_total:
                now.doubt = "is empty, and the one before was full"
            elif now.is_refused:
                now.doubt = "lacks the row that it was to begin at"
            return True
        if not any(fresh):
            return self._ends_with(ids)
        if not self._goes_straight_on(ids, fresh):
            now.doubt = "doesn't go on where the one before ended"
        return self._is_quiet

    def _ends_with(self, ids: list[str]) -> bool:
        """The same of a page all of whose rows had come."""
        now = self._list
        if now.overlaps and len(ids) == 1:
            return True  # the list has as many rows as came, whatever their order is
        is_short = len(ids) < len(now.ids)
        if now.by != "offset" or self._largest.rows < TELLING or not is_short:
            return False
        is_tail = ids == now.ids[-len(ids) :]
        may_end = is_tail and (self._is_live or not now.overlaps)
        if not now.has_total and not may_end:
            now.doubt = "shows again rows that had come, and no other"
        return is_tail

    def _goes_straight_on(self, ids: list[str], fresh: list[bool]) -> bool:
        """Whether a page has no row that had come but the one that it was to begin at: so as many
        different rows came as places were asked for, and none is lacking, even where the server
        sorts equals as it likes. A poll doesn't mind others, as its day is read in full later.
        """
        now = self._list
        known = fresh.index(True)
        is_prefix = all(fresh[known:])
        if self._is_live:
            return not now.overlaps or (is_prefix and now.ids[-1] in ids[:known])
        if now.by == "cursor" or now.has_total or self._largest.rows < TELLING:
            return True
        return is_prefix and ids[:known] == now.ids[-1:] * now.overlaps

    def _hear(self, more: More, new: int) -> None:
        """Goes on, or doubts, where the answer says itself that its page isn't the last one. Of the
        vendor's own total it isn't asked again.
        """
        now = self._list
        if now.has_total:
            now.is_last = not (more.there_is and new and now.by != "cursor")
        elif more.there_is and not new:
            raise ContractError(
                f"{self._report}: page {now.pages} brings nothing new, and says that another one "
                f"follows ({more.there_is}): the server says so for ever, or gives none so deep. "
                "Ask the vendor how its lists end"
            )
        elif told := more.beyond(now.rows):
            now.is_last = False
            if not new:
                now.doubt = f"is the last one of {now.rows:,} rows, but the vendor tells of {told}"

    def _move_on(self, new: int, rows: int) -> None:
        """Where the next page begins. One that brought nothing new is asked for again, else what it
        hides were passed over; a small one may have been pushed on, or be all deleted rows.
        """
        now = self._list
        if self._largest.rows < TELLING and not now.overlaps:
            now.offset += new or rows
            return
        if new:
            now.overlaps = now.by == "offset" and now.is_full and not now.has_total
        now.offset = now.rows - now.overlaps

    @property
    def _is_quiet(self) -> bool:
        """Whether a poll got a first page that is far from full."""
        now = self._list
        if now.has_total or not self._is_live or now.pages > 1:
            return False
        return now.rows * QUIET < self._largest.rows

    def _goes_on(self) -> bool:
        """Whether another page is to be asked for, now that the last one has been looked at."""
        now = self._list
        self._seen |= now.keys
        if now.doubt:
            raise WindowTooLargeError(
                f"{self._report}: page {now.pages} {now.doubt}: rows may be lacking"
            )
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

    def _look_at(
        self, records: list[Any], keys: list[str | None]
    ) -> tuple[set[str], list[str], list[bool]]:
        """Different keys; of each row its key or digest, and whether it hadn't come on a page
        before.
        """
        whole = [key for key in keys if key is not None]
        if len(whole) == len(keys):  # nearly always
            return set(whole), whole, [key not in self._seen for key in whole]
        odd: set[str] = set()
        ids: list[str] = []
        fresh: list[bool] = []
        for record, key in zip(records, keys, strict=True):
            if key is not None:
                ids.append(key)
                fresh.append(key not in self._seen)
            else:
                digest = payload.digest(payload.encode(record))
                odd.add(digest)
                ids.append(digest)
                fresh.append(digest not in self._odd)
        self._odd |= odd
        return set(whole), ids, fresh


def check_whole(report: str, rows: int, permit: Permit) -> None:
    """Raises ContractError where an answer without pages, which held so many rows, says itself that
    there are others.
    """
    if told := permit.outcome.more.beyond(rows):
        raise ContractError(
            f"{report}: {rows:,} records came, but the vendor tells of {told}: it gives pages, "
            "which its document doesn't"
        )
