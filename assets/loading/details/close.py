"""How complete a day is by its details, stored in `ops.days`."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection, Row

from assets.loading.account_stream import AccountStream
from assets.loading.day_state import count_days
from assets.loading.details.kept import kept_keys
from resources.postgres.warehouse import execute
from resources.vendor_api.vendor import DetailStream, Stream
from resources.windows import day_end
from sql.vocabulary import Completeness


def close_day(
    connection: Connection,
    source: AccountStream[DetailStream],
    parent: Stream,
    day: date,
    now: datetime,
) -> bool:
    """The day is complete when it is over and none of its records lacks a detail that may yet come.
    Returns whether its state changed.
    """
    lacking = execute(
        connection,
        "plan/lacking",
        parent.target,
        parent=parent.name,
        day=day,
        delay=source.stream.delay,
        kept=kept_keys(connection, source, parent, day),
        **source.where,
    )[0]
    end = day_end(day, source.account.timezone)
    counts = count_days(connection, source, {day}, now).get(day)
    if counts is None:
        return False
    rejected = counts.rejects + counts.unkeyed
    # What won't be asked for again may settle.
    if lacking.in_error or (rejected and lacking.pending):
        state = Completeness.FAILED
    elif now < end:
        state = Completeness.OPEN
    else:
        state = Completeness.SETTLING if lacking.pending else Completeness.COMPLETE
    execute(
        connection,
        "load/close_day",
        day=day,
        state=state,
        note="; ".join(_notes(lacking, rejected)) or None,
        next_read_at=lacking.next_try_at or (end if state == Completeness.OPEN else None),
        attempts=counts.attempts + 1 if state == Completeness.FAILED else 0,
        rejected=counts.rejected,
        same_rejects=0,
        lacking=None,
        lacking_records=None,
        doubted_since=None,
        vendor_total=lacking.parents,
        repeats=0,
        same_since=None,
        read_at=execute(connection, "load/clock")[0].now,
        now=now,
        **source.where,
    )
    return counts.is_first or counts.state != state


def _notes(lacking: Row[Any], rejected: int) -> Iterator[str]:
    """What is to be said of the details that a day lacks, and of those that are no facts."""
    parents = lacking.parents
    if lacking.pending:
        yield f"{lacking.pending} of {parents} details are still to come"
    elif lacking.absent:
        yield f"{lacking.absent} of {parents} details never came"
    if lacking.in_error:
        yield f"{lacking.in_error} of them are asked for again after an error: {lacking.error}"
    if lacking.useless:
        yield (
            f"{lacking.useless} of {parents} details can't be had, and are asked for again by a "
            f"backfill of the day only: {lacking.error}"
        )
    if lacking.unasked:
        yield (
            f"{lacking.unasked} of {parents} details aren't fetched: their calls are kept "
            "without somebody who was forgotten"
        )
    if rejected:
        yield f"{rejected} record(s) rejected: see ops.rejects"
