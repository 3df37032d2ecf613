"""Facts from `raw.records` alone, without asking a vendor: after a mapping was corrected."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.context import LoadContext
from assets.loading.day_state import count_days
from assets.loading.landing.land import Head, Landing
from assets.loading.result import Loaded
from assets.loading.stream_state import lock_source
from resources.errors import StoppedError
from resources.http.permits import ENDED
from resources.postgres.warehouse import execute
from resources.vendor_api.vendor import AnyStream
from resources.windows import business_day

BATCH = 10_000
GONE = "its raw has gone for its age: its facts stay as they are"


class Rebuilder:
    """Rebuilds days of one account's stream."""

    def __init__(self, context: LoadContext, source: AccountStream[AnyStream]) -> None:
        self._warehouse = context.warehouse
        self._clock = context.clock
        self._stopping = context.stopping
        self._source = source
        self._account, self._stream = source.account, source.stream

    def days(self, among: Sequence[date]) -> dict[date, bool]:
        """Those of the days that were read, newest first; whether they can be made again, as raw
        has them still. With the account's first day come those before it, with the present one
        those after it: other settings had them.
        """
        first = self._account.start_date
        today = business_day(self._clock(), self._account.timezone)
        rows = self._warehouse.rows(
            "plan/known_days",
            days=list(among),
            before=first if first in among else None,
            after=today if today in among else None,
            **self._source.where,
        )
        return {row.call_date: row.has_raw for row in rows}

    def rebuild(self, day: date, loaded: Loaded) -> None:
        """Makes the day's facts again, batch by batch; then drops those without a raw record.

        The day's state stays what the last read of the vendor made it. Raises StoppedError between
        two batches when the run ends.
        """
        landing = Landing(self._source, [day], self._warehouse.require_days)
        self._warehouse.look_for_days()
        after: str | None = ""
        had_facts = True
        while after is not None:
            if self._stopping.is_set():
                raise StoppedError(ENDED)

            def work(
                connection: Connection, after: str = after, had_facts: bool = had_facts
            ) -> tuple[Loaded, str | None, bool]:
                lock_source(connection, self._source)
                rows = execute(connection, "load/raw_heads", day=day, after=after, most=BATCH,
                               replaces=self._stream.replaces, **self._source.where)  # fmt: skip
                heads = list(map(Head._make, rows))
                have_facts = self._has_facts(connection, day, after)
                had_facts = had_facts if after else have_facts
                done = landing.rebuild(connection, heads, have_facts)
                is_last = len(heads) < BATCH
                if is_last and had_facts:
                    self._drop_strays(connection, day)
                if is_last:
                    self._note_remade(connection, day)
                days = done.days | ({day} if is_last else set())
                count_days(connection, self._source, days, self._clock(), rebuilds=True)
                # Of what is made of a record nothing tells whether it differs.
                execute(connection, "load/mark_stale",
                        account=self._account.name, days=sorted(days))  # fmt: skip
                return done, None if is_last else heads[-1].record_key, had_facts

            done, after, had_facts = self._warehouse.in_transaction(work)
            loaded.add(done)

    def _has_facts(self, connection: Connection, day: date, after: str) -> bool:
        """Whether the day has any of records after this one."""
        return any(
            execute(connection, "load/has_facts", table, day=day, after=after,
                    **self._source.where)[0].has_facts
            for table in self._stream.tables
        )  # fmt: skip

    def _note_remade(self, connection: Connection, day: date) -> None:
        """The day is one by the account's settings now, if all of its facts are."""
        where = {"day": day, **self._source.where}
        timezone = self._account.timezone.key
        if not execute(connection, "load/made_otherwise", timezone=timezone, **where):
            return
        if not execute(connection, "load/lacks_raw", **where)[0].lacks_raw:
            execute(connection, "load/rezone_day", now=self._clock(), timezone=timezone, **where)
            execute(connection, "load/remade_day", **where)

    def _drop_strays(self, connection: Connection, day: date) -> None:
        for table in self._stream.tables:
            execute(connection, "load/drop_strays", table, day=day,
                    replaces=self._stream.replaces, **self._source.where)  # fmt: skip
