"""What a window's answers showed, counted: by this its days are judged."""

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import cast

from assets.loading.landing.observation import Observation
from assets.loading.lease import ReadLease
from assets.loading.missing import Comparison, ReadKeys
from resources.errors import PerhapsCutOffError
from resources.text import payload
from resources.vendor_api.vendor import Page, Stream
from resources.windows import TICK, Window, business_day, day_end, days_between


@dataclass(slots=True)
class Part:
    """What one reading of a window or of a part of it showed."""

    seen: set[str] = field(default_factory=set)
    unkeyed: set[str] = field(default_factory=set)
    unkeyed_records: int = 0
    namesakes: set[str] = field(default_factory=set)
    """Those of `unkeyed` that have the key of another record of their answer."""
    rows: int = 0
    """All that came, repeats included."""
    repeats: int = 0
    """Records that stood in the same answer before, equal to the byte."""
    totals: list[int] = field(default_factory=list)
    """What the answers said, in their order."""
    beyond: int = 0
    """Records that are in the totals, but not in the window."""
    uncounted: int = 0
    """Records that are in no total, as they came beside the list that has one."""
    asked_at: datetime | None = None
    remarks: list[str] = field(default_factory=list)
    """What the answers' pages say besides their records."""
    _is_counted: bool = True
    """Whether the present answer has a total, or none has."""
    _new: set[str] = field(default_factory=set)
    """Keys that the present answer brought."""

    def begin_page(self, page: Page, seen: set[str] | None = None) -> None:
        """Counts an answer. `seen`: where its client collects the keys of the pages before."""
        self.asked_at = min(self.asked_at or page.observed_at, page.observed_at)
        self._new = set()
        if seen is not None:
            self.seen = seen
        self._is_counted = page.total is not None or not self.totals
        if page.total is not None:
            self.totals.append(page.total)
        self.beyond += page.beyond
        if page.remark:
            self.remarks.append(page.remark)

    def add(
        self, observations: Sequence[Observation], before: AbstractSet[str] = frozenset()
    ) -> None:
        """Counts records of an answer, and notes whether their keys came `before` or on an earlier
        page.
        """
        keys = {observation.key for observation in observations}
        if None in keys or len(keys) < len(observations) or not keys.isdisjoint(self._new):
            for observation in observations:
                self._add(observation, before)
            return
        # All at once, as nearly always none of them has come in this answer.
        whole = cast("set[str]", keys)
        new = whole - self.seen
        if known := (whole - new) | (new & before):
            for observation in observations:
                observation.came_before = observation.key in known
        self.rows += len(whole)
        self.uncounted += 0 if self._is_counted else len(new)
        self._new |= new
        self.seen |= new

    def _add(self, observation: Observation, before: AbstractSet[str]) -> None:
        self.rows += 1
        key = observation.key
        if key is None:
            digest = payload.digest(payload.encode(observation.record))
            self.unkeyed.add(digest)
            self.unkeyed_records += 1
            if observation.is_namesake:
                self.namesakes.add(digest)
        elif key in self._new:
            self.repeats += 1
        elif key in self.seen:
            observation.came_before = True
        else:
            observation.came_before = key in before
            self._new.add(key)
            self.seen.add(key)
            self.uncounted += not self._is_counted

    @property
    def different(self) -> int:
        """How many different records came."""
        return len(self.seen) + len(self.unkeyed)

    @property
    def is_whole(self) -> bool:
        """Whether as many came as the vendor counts, if it counts."""
        return not self.totals or (len(set(self.totals)) == 1 and self.totals[0] in self._counts)

    @property
    def only_grew(self) -> bool:
        """Whether the total grew while the pages were read, and all came that it counted first."""
        totals = self.totals
        grew = totals[:1] < totals[-1:] and totals == sorted(totals)
        return grew and totals[0] <= max(self._counts)

    @property
    def fills_its_total(self) -> bool:
        """Whether as many rows came as the vendor counts, though not as many records: or more, as
        pages overlap that begin by how many records came.
        """
        return len(set(self.totals)) == 1 and self.rows >= self.totals[0]

    @property
    def counted_repeats(self) -> int:
        """The repeats that are in the vendor's total, too."""
        return self.repeats if self.totals and self.totals[-1] not in self._records else 0

    @property
    def _records(self) -> set[int]:
        """How many records came that are counted. What has no key may be one on two pages, or two
        that look the same.
        """
        counts = {self.different, len(self.seen) + self.unkeyed_records}
        return {count - self.uncounted for count in counts}

    @property
    def _counts(self) -> set[int]:
        """What a vendor may count: its records, or its rows, of which some stand there twice."""
        return self._records | {count + self.repeats for count in self._records}


@dataclass(slots=True)
class WindowRead:
    """The read of a window, over all its parts: only readings that were whole count."""

    window: Window
    lease: ReadLease
    """The right to read the window."""
    read_at: datetime
    """When it began, by the load's clock."""
    live: bool = False
    """It moves the watermark to the window's end."""
    until: float = math.inf
    """After this (by `time.monotonic`) a window that is too large isn't split on."""
    asked: list[datetime] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    unkeyed: set[str] = field(default_factory=set)
    namesakes: set[str] = field(default_factory=set)
    in_several_states: int = 0
    """Records that came in more than one state, on different pages."""
    total: int | None = None
    beyond: int = 0
    """Records in `total` that are beyond the window."""
    has_totals: bool = True
    repeats: int = 0
    """Records that stood twice in an answer, equal to the byte: each is one fact."""
    counted_repeats: int = 0
    """Those of them that the vendor's total counts, too."""
    is_doubtful: bool = False
    """Whether known records didn't come, and a limit didn't let them be asked for again."""
    is_second: bool = False
    """Whether all of it has been asked for before."""
    before: AbstractSet[str] = frozenset()
    """Keys that came then, where not all of that was landed."""
    came: int = 0
    """Records that were handed on, also of readings that were in vain."""
    counted: int = 0
    """Those of readings that were whole."""
    perhaps_cut_off: PerhapsCutOffError | None = None
    """Of an answer for the shortest window there is, which showed as many records as a limit."""
    alone: set[date] = field(default_factory=set)
    """Days that were asked for without any other."""
    requests: int = 0
    remarks: list[str] = field(default_factory=list)
    """What of the answers the note of each of the window's days tells."""

    @property
    def began_at(self) -> datetime:
        """Before anything was asked for, by the database's clock."""
        return self.lease.began_at

    @property
    def asked_at(self) -> datetime:
        """When the first request was granted of all that count."""
        return min(self.asked, default=self.began_at)

    @property
    def made_at(self) -> datetime:
        """When the oldest answer was made, as it says itself, by the load's clock."""
        return self.read_at - max(self.began_at - self.asked_at, timedelta(0))

    @property
    def last_day(self) -> date:
        """The business day on which the window ends."""
        return business_day(self.window.end - TICK, self.window.timezone)

    @property
    def touched_days(self) -> list[date]:
        """The business days that the window covers, in full or in part."""
        return days_between(business_day(self.window.start, self.window.timezone), self.last_day)

    def anew(self) -> "WindowRead":
        """The same window, of which nothing has come yet."""
        return WindowRead(
            self.window, self.lease, self.read_at, self.live, self.until, before=self.seen
        )

    @property
    def shows_as_before(self) -> bool:
        """Whether it shows all that came, and wasn't landed, before: if not, one of the two answers
        may have been cut short.
        """
        return self.before <= self.seen

    @property
    def counts_in_full(self) -> bool:
        """Whether no reading was in vain, of which something may have landed all the same."""
        return self.came == self.counted

    def keys(self, stream: Stream) -> ReadKeys:
        """The days of which the window shows all that there is. Of a day that goes on it may end,
        by clocks that differ, before what is known already. And what came without its key may be
        any of those that are looked for.
        """
        days, zone = self.window.days, self.window.timezone
        if stream.live != "day":
            days = tuple(day for day in days if day_end(day, zone) <= self.window.end)
        return ReadKeys(
            days,
            self.seen,
            self.began_at,
            self.asked_at,
            is_confirmed=not self.is_doubtful,
            is_telling=self.unkeyed <= self.namesakes,
        )

    def is_to_be_repeated(self, found: Comparison) -> bool:
        """Whether known records aren't among those that came, and neither a total nor the last full
        read says that this is so: an answer may have been cut short.
        """
        is_telling = self.unkeyed <= self.namesakes
        is_noted = all(lack.is_noted for lack in found.lacks.values())
        return is_telling and not (self.is_second or self.has_totals or is_noted)

    def add(self, part: Part) -> None:
        """Counts a part that was whole."""
        self.counted += part.rows
        self.asked.append(part.asked_at or self.began_at)
        # An hour that clocks repeat is in both halves of a window, and in both of their totals.
        again = len(self.seen & part.seen) + len(self.unkeyed & part.unkeyed)
        # A window may be a million records: the smaller set goes into the larger one.
        small, self.seen = sorted((self.seen, part.seen), key=len)
        self.seen |= small
        self.unkeyed |= part.unkeyed
        self.namesakes |= part.namesakes
        self.has_totals &= bool(part.totals)
        self.total = (self.total or 0) + sum(part.totals[-1:]) + part.uncounted - again
        self.beyond = part.beyond  # those of the other parts are in the part after them
        self.repeats += part.repeats
        self.counted_repeats += part.counted_repeats
        self.remarks += part.remarks

    def require_no_others(self) -> None:
        """Raises PerhapsCutOffError where other records came than those of the answer that looks
        like a limit: the larger windows' answers, which showed no more, were cut off, too.
        """
        if (error := self.perhaps_cut_off) is None:
            return
        if len(self.seen) + len(self.unkeyed) > error.rows:
            raise error
        self.remarks.append(
            f"{error.rows:,} records came, as limits have it, all of one minute: does the server "
            "give no more?"
        )

    def day_remarks(self) -> tuple[str, ...]:
        """The remarks, with what the counts say of the window's days."""
        days = self.window.days
        remarks = list(dict.fromkeys(self.remarks))
        of = f" in {days[0]} to {days[-1]}" if len(days) > 1 else ""
        if self.repeats:
            rows = "1 row" if self.repeats == 1 else f"{self.repeats:,} rows"
            remarks.append(f"{rows} came twice{of}")
        if self.namesakes:
            remarks.append(f"{len(self.namesakes):,} record(s) came under another one's key{of}")
        if self.in_several_states:
            remarks.append(f"{self.in_several_states:,} record(s) came in several states{of}")
        return tuple(remarks)
