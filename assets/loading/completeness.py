"""How complete a business day is after a full read of it: a pure decision, stored in `ops.days`."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from assets.loading.account_stream import AccountStream
from assets.loading.full_read import Counts, Doubt, FullRead
from assets.loading.plan import GRACE
from resources.vendor_api.vendor import Stream
from resources.windows import day_end
from sql.vocabulary import Completeness

NOTHING = timedelta(0)
LONGEST_PAUSE = timedelta(hours=6)
FIRST_LOOK = timedelta(hours=1)
"""How soon a day is read again that showed implausibly little: the vendor may just be down."""
LONGEST_LOOK = timedelta(days=10)
SHOWN = "%Y-%m-%d %H:%M"
ENOUGH_READS = 3
"""Rejects that stay as they are over so many full reads don't keep their day from settling."""
MOST_LOOKS = 6
"""After so many reads in a row that lack the same, a day is complete again if it was so before."""
READ_ALONE = (
    "nothing came of this day or of one beside it in a window of several days: it is read alone"
)
OVERTAKEN = "some of its records had come in a newer answer meanwhile: it is read again"
LOOKED_FOR = "known records weren't in the answers: they are looked for again"


@dataclass(frozen=True, slots=True)
class Assessment:
    """A day's state, why, and when it is to be read again (None: never by itself)."""

    state: Completeness
    note: str | None
    next_read_at: datetime | None
    attempts: int = 0
    """Reads in a row, this one included, that failed or lacked the same and weren't believed."""
    same_rejects: int = 0
    """Reads in a row, this one included, with the same rejects."""
    same_since: datetime | None = None
    """Since when full reads have shown an empty day or the same totals; else when the day ended."""


def assess(
    source: AccountStream[Stream], day: date, counts: Counts, reading: FullRead
) -> Assessment:
    """How complete the day is after a full read. The note ends with the read's remarks."""
    bad = _bad(counts, reading)
    # Counted no further than they matter: a day that is read again as it was isn't written again.
    same = counts.same_rejects if counts.rejected == counts.last_rejected else 0
    reads = min(1 + same, ENOUGH_READS)
    end = day_end(day, source.account.timezone)
    settled = bad if reading.end >= end and reads >= ENOUGH_READS else 0
    assessment = _assess(source, day, counts, reading, bad - settled)
    notes = [assessment.note, *reading.remarks]
    if (doubt := reading.doubts.get(day)) and doubt.since and day not in reading.silent:
        notes.insert(0, _doubted(doubt, f"{source.account.name} {source.stream.name} {day}"))
    if settled:
        notes.append(f"{bad} record(s) rejected, the same at {reads} reads: see ops.rejects")
    note = "; ".join(filter(None, notes)) or None
    return replace(
        assessment,
        note=note,
        same_rejects=reads if bad else 0,
        same_since=assessment.same_since or counts.same_since,
    )


def _assess(
    source: AccountStream[Stream], day: date, counts: Counts, reading: FullRead, bad: int
) -> Assessment:
    """`bad`: how many rejects may yet heal."""
    if wrong := _wrong(counts, reading, bad):
        pause = min(source.account.poll_every * (1 << min(counts.attempts, 10)), LONGEST_PAUSE)
        # No pause before the first repetition: the next run may find all well. And none before a
        # day is read alone.
        is_soon = not counts.attempts or (reading.several_days and reading.undated)
        next_read_at = reading.read_at + (NOTHING if is_soon else pause)
        return Assessment(Completeness.FAILED, wrong, next_read_at, counts.attempts + 1)
    end = day_end(day, source.account.timezone)
    if reading.end < end:
        return Assessment(Completeness.OPEN, None, None)
    if (doubt := reading.doubts.get(day)) and not reading.is_overtaken:
        return _look_again(counts, reading, doubt, day)
    if note := _why_once_more(day, counts, reading):
        is_kept = reading.made_at is not None and reading.made_at < reading.read_at
        return Assessment(
            Completeness.SETTLING, note, reading.read_at + (FIRST_LOOK if is_kept else NOTHING)
        )
    return _when_settled(source, day, counts, reading)


def _when_settled(
    source: AccountStream[Stream], day: date, counts: Counts, reading: FullRead
) -> Assessment:
    """Of a read with which nothing is wrong: whether records may still change, or come."""
    stream, end = source.stream, day_end(day, source.account.timezone)
    since = _same_since(day, end, counts, reading)
    settled_at, sure_at = end + stream.settle, _sure_at(source, day, counts, reading, since)
    made_at = reading.made_at or reading.read_at
    is_settled = made_at >= settled_at
    is_settled |= stream.until_final and not counts.open_records and made_at >= end + GRACE
    if is_settled and made_at >= sure_at:
        old_at = end + timedelta(days=source.account.distrust.recent_days)
        once_more = max(old_at, reading.read_at + FIRST_LOOK) if made_at < old_at else None
        return Assessment(Completeness.COMPLETE, _remark(counts), once_more, same_since=since)
    if made_at < reading.read_at:
        note, again = _kept(made_at), reading.read_at + FIRST_LOOK
    elif is_settled:
        note, again = _not_sure(counts, sure_at), sure_at
    else:
        note = f"records may change until {settled_at:{SHOWN}} UTC"
        again = min(reading.read_at + stream.settle_every, max(settled_at, sure_at))
    return Assessment(Completeness.SETTLING, note, again, same_since=since)


def _same_since(day: date, end: datetime, counts: Counts, reading: FullRead) -> datetime:
    """`end`: of the day."""
    made_at = reading.made_at or reading.read_at
    if day in reading.changed:
        return made_at
    return counts.same_since or (made_at if counts.is_empty else end)


def _sure_at(
    source: AccountStream[Stream], day: date, counts: Counts, reading: FullRead, since: datetime
) -> datetime:
    """From when on a read is believed that shows what this one does, and others did `since`: the
    first answers for a day may be those of a server that isn't ready yet.
    """
    distrust = source.account.distrust
    if day in reading.confirmed or (counts.was_complete and day not in reading.changed):
        return since
    if counts.is_empty:
        return since + timedelta(hours=distrust.empty_again_after_h)
    return since + timedelta(hours=distrust.again_after_h)


def _not_sure(counts: Counts, sure_at: datetime) -> str:
    if counts.is_empty:
        return (
            "nothing came, and the vendor may not be ready: complete when a read after "
            f"{sure_at:{SHOWN}} UTC shows the same"
        )
    return f"the vendor may not have all of the day yet: it is read again at {sure_at:{SHOWN}} UTC"


def _kept(made_at: datetime) -> str:
    return (
        f"by its own headers the answer was made at {made_at:{SHOWN}} UTC, too early to be all: a "
        "cache stands between here and the vendor, which shouldn't keep these answers"
    )


def _why_once_more(day: date, counts: Counts, reading: FullRead) -> str | None:
    """Why this read doesn't say all of the day, though nothing is wrong; None where it does."""
    if reading.is_overtaken:
        return OVERTAKEN
    if day in reading.silent and not counts.was_complete:
        return READ_ALONE
    return LOOKED_FOR if day in reading.disturbed else None


def _look_again(counts: Counts, reading: FullRead, doubt: Doubt, day: date) -> Assessment:
    """When a day is read again that lacks known records. One that was complete before is so again
    after some reads: what is known of it was read whole, whatever the vendor still shows.
    """
    if day in reading.silent:
        return Assessment(Completeness.SETTLING, READ_ALONE, reading.read_at, counts.attempts)
    if doubt.since is None:
        return Assessment(Completeness.SETTLING, LOOKED_FOR, reading.read_at)
    looks = counts.attempts + 1 if counts.lacking == doubt.digest else 1
    if counts.was_complete and looks >= MOST_LOOKS:
        return Assessment(
            Completeness.COMPLETE, f"complete as it was {looks} reads ago", None, looks
        )
    pause = min(FIRST_LOOK * 4 ** min(looks - 1, 10), LONGEST_LOOK)
    return Assessment(Completeness.SETTLING, None, reading.read_at + pause, looks)


def _doubted(doubt: Doubt, day: str) -> str:
    """What came, and what makes it believed."""
    came = f"{doubt.shown} of {doubt.known} known records came"
    again = "" if doubt.is_silent else "the same comes again on another day or "
    return f"{came}: all are kept until {again}`callhouse accept {day}` says that it is right"


def _bad(counts: Counts, reading: FullRead) -> int:
    """How many records of the day aren't facts, as far as the vendor still has them."""
    bad = counts.bad + counts.unkeyed
    return bad if reading.several_days else max(bad, reading.rejected)


def _wrong(counts: Counts, reading: FullRead, bad: int) -> str | None:
    """What keeps the day from being complete, however much time passes."""
    if reading.several_days and reading.undated:
        return (
            f"{reading.undated} rejected record(s) of several days don't say which they belong "
            "to: the days are read again one by one"
        )
    if bad:
        return (
            f"{bad} record(s) rejected: see ops.rejects for field and reason; "
            "healed by the next read once the vendor or the mapping is right"
        )
    if counts.raw_records != counts.facts + counts.rejects:
        return (
            f"{counts.raw_records} raw records, but {counts.facts} facts and {counts.rejects} "
            "rejects: materialise the facts asset of this day to rebuild it from raw"
        )
    lacking = (reading.vendor_total or 0) - reading.repeats - counts.shown
    if lacking > 0 and not counts.unkeyed:  # each of which may be several that look the same
        return (
            f"{lacking} of {reading.vendor_total} records that the vendor counts aren't on this "
            "day: was the account's time zone changed? See the runbook"
        )
    return None


def _remark(counts: Counts) -> str | None:
    if counts.open_records:
        return f"{counts.open_records} record(s) never ended"
    if gone := counts.rejects - counts.bad:
        return f"{gone} rejected record(s) are gone at the vendor"
    return None
