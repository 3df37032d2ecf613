"""How complete a day is after a read, and what its note tells."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from assets.loading.account_stream import AccountStream
from assets.loading.completeness import assess
from assets.loading.full_read import Counts, FullRead
from resources.vendors.conpeek import DIALOGS
from tests.unit import helpers

DAY = date(2025, 3, 12)
ACCOUNT = helpers.account("conpeek")
COUNTS = Counts("open", False, raw_records=1, facts=1, rejects=0, bad=0, open_records=0, unkeyed=0,
                attempts=0)  # fmt: skip
READ_AT = datetime(2025, 3, 20, tzinfo=UTC)
READING = FullRead(READ_AT, end=READ_AT)


def test_a_note_ends_with_the_read_s_remarks_also_of_a_complete_day() -> None:
    reading = replace(READING, remarks=("two rows were equal", "it was late"))
    complete = assess(AccountStream(ACCOUNT, DIALOGS), DAY, COUNTS, reading)
    assert (complete.state, complete.note) == ("complete", "two rows were equal; it was late")
    open_ = assess(AccountStream(ACCOUNT, DIALOGS), DAY, replace(COUNTS, open_records=2), reading)
    assert open_.note == "2 record(s) never ended; two rows were equal; it was late"
    day_goes_on = replace(reading, end=READ_AT - timedelta(days=8))
    assert assess(AccountStream(ACCOUNT, DIALOGS), DAY, COUNTS, day_goes_on).state == "open"
    assert assess(AccountStream(ACCOUNT, DIALOGS), DAY, COUNTS, READING).note is None


def test_a_day_is_complete_only_with_all_that_the_vendor_counts() -> None:
    source, counts = AccountStream(ACCOUNT, DIALOGS), replace(COUNTS, raw_records=7, facts=7)
    counted = replace(READING, vendor_total=10, repeats=1)
    found = assess(source, DAY, counts, counted)
    assert found.state == "failed"
    assert found.note
    assert found.note.startswith("2 of 10 records that the vendor counts aren't on")
    assert assess(source, DAY, replace(counts, suppressed=2), counted).state == "complete"
    assert assess(source, DAY, replace(counts, suppressed=2, missing=1), counted).state == "failed"


def test_a_day_that_is_read_once_more_behind_a_cache_waits_for_it() -> None:
    """It would be asked for at every poll."""
    read_at = datetime(2025, 3, 15, 1, tzinfo=UTC)
    kept = replace(READING, read_at=read_at, end=read_at, made_at=read_at - timedelta(hours=26))
    found = assess(AccountStream(ACCOUNT, DIALOGS), DAY, replace(COUNTS, was_complete=True), kept)
    assert found.state == "complete"
    assert found.next_read_at is not None
    assert found.next_read_at > read_at


def test_a_read_that_is_not_believed_is_none_of_two_that_show_nothing() -> None:
    empty = replace(COUNTS, raw_records=0, facts=0)
    failed = replace(READING, several_days=True, undated=2)
    assert assess(AccountStream(ACCOUNT, DIALOGS), DAY, empty, failed).same_since is None
    alone = replace(READING, silent=frozenset([DAY]))
    assert assess(AccountStream(ACCOUNT, DIALOGS), DAY, empty, alone).same_since is None
    assert assess(AccountStream(ACCOUNT, DIALOGS), DAY, empty, READING).same_since == READ_AT
