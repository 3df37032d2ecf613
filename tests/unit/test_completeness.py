"""How complete a day is after a read, and what its note tells."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from assets.loading.account_stream import AccountStream
from assets.loading.completeness import Counts, FullRead, assess
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
