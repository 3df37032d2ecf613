"""The end of a window's read: what is missing, how complete its days are, the watermark.

All in the transaction of the last batch.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.day_state import close_days, count_days, open_day, resolve_bodies
from assets.loading.full_read import Counts, Doubt, FullRead
from assets.loading.landing.commit import land_alone
from assets.loading.landing.land import Landing
from assets.loading.missing import Comparison, Judged, compare, note_missing
from assets.loading.result import Loaded
from assets.loading.stream_state import Success, note_fields, note_success
from assets.loading.window.answers import WindowRead
from assets.loading.window.batches import KnownBatches
from resources.postgres.warehouse import execute
from resources.vendor_api.vendor import Stream


@dataclass(frozen=True, slots=True)
class Closing:
    """A read whose records have all come and are landed; `now` by the load's clock."""

    source: AccountStream[Stream]
    read: WindowRead
    landing: Landing
    batches: KnownBatches
    largest_page: int | None
    """Records of the largest page that has come of the stream."""
    now: datetime

    def compare(self, connection: Connection) -> Comparison:
        """What is known of the days that the read covers whole, beside what came."""
        keys = self.read.keys(self.source.stream)
        if not keys.days:
            return Comparison()
        landed = self.landing.landed if self.read.counts_in_full else None
        return compare(connection, self.source, keys, landed)

    def close(self, connection: Connection, loaded: Loaded, found: Comparison) -> None:
        """Writes down what the read says of its days and of the stream. `found`: what `compare`
        returned.
        """
        source, read, landing = self.source, self.read, self.landing
        if decided := landing.decided():
            for observation in decided:
                loaded.add(land_alone(connection, landing, observation))
            found = self.compare(connection)
        read.in_several_states = landing.in_several_states
        self._note_batches(connection, found)
        loaded.days |= resolve_bodies(connection, source, read.touched_days)
        judged = self._note_missing(connection, loaded, found)
        self._reopen_or_resolve(connection, judged.doubts)
        counts = count_days(connection, source, loaded.days | set(read.window.days), self.now)
        loaded.turned |= {day for day, count in counts.items() if count.is_first}
        loaded.turned |= self._close_days(connection, counts, judged)
        last = read.last_day
        if last not in counts and open_day(connection, source, last, self.now):
            loaded.turned.add(last)
        made_at = read.made_at.replace(microsecond=0)
        watermark = min(read.window.end, made_at) if read.live else None
        success = Success(watermark, largest_page=self.largest_page, lease=read.lease.id)
        note_success(connection, source, success, self.now)
        loaded.new_fields = note_fields(connection, source, loaded.new_fields)

    def _note_batches(self, connection: Connection, found: Comparison) -> None:
        """Where all is well, what came needn't be landed if it comes again."""
        if not found.is_plain:
            self.batches.drop(connection)
        elif not (self.read.unkeyed or self.landing.suppression.is_on):
            self.batches.keep(connection)

    def _note_missing(self, connection: Connection, loaded: Loaded, found: Comparison) -> Judged:
        keys = self.read.keys(self.source.stream)
        if not keys.days:
            return Judged()
        judged = note_missing(connection, self.source, keys, found, self.now, loaded)
        self.landing.suppression.forget_missing(connection, keys.days, keys.asked_at)
        return judged

    def _reopen_or_resolve(self, connection: Connection, doubts: dict[date, Doubt]) -> None:
        """Rejects without a key that the vendor no longer has are over; a live window that doesn't
        go on from the last one opens the days between.
        """
        window, where = self.read.window, self.source.where
        if window.days:
            # What is kept although it didn't come includes what is wrong with it.
            shown = [day for day in window.days if day not in doubts]
            execute(connection, "load/resolve_unkeyed", days=shown,
                    digests=list(self.landing.unkeyed), **where)  # fmt: skip
        elif self.read.live:
            execute(connection, "load/reopen_gap", start=window.start, now=self.now,
                    timezone=window.timezone.key, **where)  # fmt: skip

    def _close_days(
        self,
        connection: Connection,
        counts: dict[date, Counts],
        judged: Judged,
    ) -> set[date]:
        """Judges the days that were read in full; returns those whose state changed."""
        read, landing, days = self.read, self.landing, self.read.window.days
        counts = {day: counts[day] for day in days if day in counts}
        unkeyed = len(read.unkeyed - landing.suppression.unkeyed)
        counts_one_day = read.has_totals and len(days) == 1
        full = FullRead(
            read_at=read.read_at,
            made_at=read.made_at,
            asked_at=read.asked_at,
            end=read.window.end,
            rejected=len(landing.rejected & read.seen) + unkeyed,
            several_days=len(days) > 1,
            undated=len(landing.undated & landing.rejected & read.seen) + unkeyed,
            disturbed=judged.disturbed | (frozenset() if read.shows_as_before else set(days)),
            confirmed=judged.confirmed,
            changed=frozenset(landing.changed) if self.source.stream.replaces else frozenset(),
            is_overtaken=landing.is_overtaken,
            remarks=read.day_remarks(),
            doubts=judged.doubts,
            joined=frozenset(counts) - read.alone,
            vendor_total=(read.total or 0) - read.beyond if counts_one_day else None,
            repeats=read.counted_repeats if counts_one_day else 0,
        )
        return close_days(connection, self.source, counts, full, self.now)
