"""How long a vendor asks everybody to wait, and how old its answer is."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from resources.http.answer import Answer, age, retry_after
from resources.http.permits import Permit, RequestOutcome


def pause(value: str, **headers: str) -> float | None:
    permit = Permit(1, datetime.now(UTC), RequestOutcome())
    found = retry_after(Answer(429, {"retry-after": value, **headers}, b"", permit))
    return None if found is None else found.total_seconds()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("120.2", 121),
        ("+120", 120),
        ("120, 7200, 60", 7200),
        ("soon, 120", 120),
        ("Tue, 10 Mar 2026 15:31:00 GMT, Tue, 10 Mar 2026 15:33:00 GMT", 180),
        ("60, Tuesday, 10-Mar-26 15:33:00 GMT", 180),
        ("0.01", 1),
        ("nan", None),
        (",", None),
        (" 0 ", None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("\N{SUPERSCRIPT TWO}", None),
        ("86401", 86_400),
        ("9" * 5000, 86_400),
        ("Tue, 10 Mar 2026 15:31:00 GMT", 60),
        ("Tue, 10 Mar 2026 16:31:00 +0100", 60),
        ("Tue, 10 Mar 2026 15:31:00", 60),
        ("Tue, 10 Mar 2026 15:29:00 GMT", None),
        ("Tue, 10 Mar 2026 15:30:00 GMT", None),
        ("Sun, 10 Mar 2126 15:31:00 GMT", 86_400),
        ("Tue, 10 Mar 2026 15:31:00 +9999999999999999", None),
        ("Tue, 32 Mar 2026 15:31:00 GMT", None),
    ],
)
def test_a_pause_is_in_seconds_or_up_to_a_date_and_never_beyond_a_day(
    value: str, seconds: float | None
) -> None:
    """A date is seen from the vendor's own clock, as the answer tells it. Of several the longest
    counts, as a proxy may add its own. A pause of nothing is none: how long to wait is ours to say.
    """
    assert pause(value, date="Tue, 10 Mar 2026 15:30:00 GMT") == seconds


def test_without_the_vendors_clock_ours_counts() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert pause(in_an_hour) == pytest.approx(3600, abs=5)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"age": "172800"}, 172_800),
        ({"age": "60, 30"}, 60),
        ({"age": "soon"}, 0),
        ({"age": "9" * 400}, 366 * 86_400),
        ({"date": "Tue, 10 Mar 2026 15:30:00 GMT"}, 3600),
        ({"date": "Tue, 10 Mar 2026 15:30:00 GMT", "age": "7200"}, 7200),
        ({"date": "Tue, 10 Mar 2026 16:26:00 GMT"}, 0),
        ({"date": "Tue, 10 Mar 2026 18:30:00 GMT"}, 0),
        ({"date": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
    ],
)
def test_an_answer_is_as_old_as_its_headers_say(headers: dict[str, str], seconds: float) -> None:
    """Clocks differ by some minutes; years behind is only wrong."""
    permit = Permit(1, datetime(2026, 3, 10, 16, 30, tzinfo=UTC), RequestOutcome())
    assert age(Answer(200, headers, b"", permit)).total_seconds() == pytest.approx(seconds, abs=5)
