"""What Wolkvox is asked, and what its answers mean."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from resources.errors import (
    ContractError,
    PerhapsCutOffError,
    QuotaExhaustedError,
    ThrottledError,
    TransientError,
    WindowTooLargeError,
)
from resources.http.answer import Answer
from resources.http.auth import HeaderToken
from resources.http.failures import failure_in, outline
from resources.http.refusals import refuse_page, unlike
from resources.http.words import Meaning, meaning_of, plain_text
from resources.text import payload
from resources.text.long_list import LongList
from resources.vendor_api.client import Client
from resources.vendor_api.paging import check_whole
from resources.vendor_api.vendor import Page
from resources.vendors.wolkvox.totals import without_totals
from resources.windows import LAST_SECOND, ONE_DAY, SECOND, Window, business_day, day_end, day_start

PATH = "api/v2/reports_manager.php"
AUTH = HeaderToken("wolkvox-token")
ASKED = "%Y%m%d%H%M%S"
"""`date_ini` and `date_end`: YYYYmmddHHiiss, wall time."""
TIME = "%Y-%m-%d %H:%M:%S"
"""`date` of a record: wall time. No document is so exact; any other form is rejected."""
PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
SLOW_CLOCK = timedelta(minutes=15)
PAUSE = timedelta(seconds=5)
"""After a refusal for concurrency; the spacing of the report comes on top."""
COUNT = re.compile(r"(?<![\w.,])(?:[0-9]{1,3}(?:[.,'\u00a0\u2019 ][0-9]{3})+|[0-9]{1,15})(?![\w])")
"""A whole number in a sentence, also with its thousands set apart."""
OWN = ("code", "error", "msg")
"""What the envelope says of a failure: `code` decides, and `msg` where one has several meanings."""
EMPTY = re.compile(r"\W*(please )?(validate|valide|validar) (the |las )?"
                   r"(dates entered|fechas ingresadas)\b\W*(.*)")  # fmt: skip
"""Of a window without records. What else follows may mean that the dates are wrong."""
QUOTA = re.compile(
    r"(?!.*simultan)(?=.*\btokens?\b)(?=.*\blimite?s?\b).*(exced|exceed|reached|alcanz|super)"
)
SERVER = re.compile(r"wv([^.]+)\.")


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What an answer holds, and how many records the vendor says that it found."""

    records: Collection[Any]
    found: int | None = None


class Wolkvox(Client):
    """`GET reports_manager.php?api=…` between two wall times.

    Whether the second one is included isn't said. Calls are asked for up to the second after the
    window, so that nothing is lost; totals up to the last one in the day, as others can't be told
    from them.
    """

    def agent_usage(self, window: Window) -> Iterator[Page]:
        """Each agent's totals of the window's day, always from its start: parts can't be added."""
        midnight = datetime.combine(window.day, time.min)
        last = datetime.combine(window.day, LAST_SECOND)
        yield without_totals(self._report("cdr_2", midnight, min(window.wall_times[1], last)))

    def calls(self, window: Window) -> Iterator[Page]:
        """The calls of the window that an agent handled."""
        yield from self._calls("cdr_1", window)

    def unconnected_calls(self, window: Window) -> Iterator[Page]:
        """The calls of the window that weren't connected."""
        yield from self._calls("cdr_5", window)

    def _calls(self, api: str, window: Window) -> Iterator[Page]:
        first, last = window.wall_times
        end = last + SECOND
        page = self._report(api, first, end)
        goes_on = last.time() != LAST_SECOND  # else its days are asked for alone, if they are empty
        if not page.records and page.total is None and goes_on and last - first > ONE_DAY:
            raise WindowTooLargeError(
                f"{api}: the vendor asks to validate the dates of a window of several days: there "
                "are no records, or the days are too many"
            )
        starts = [_wall_time(r.get("date")) for r in page.records if isinstance(r, dict)]
        yield replace(page, beyond=starts.count(end))
        for at in filter(None, starts):
            if not first <= at <= end:
                raise ContractError(
                    f"{api}: asked for {first:{TIME}} to {end:{TIME}}, got a call at {at:{TIME}}: "
                    "the vendor ignored the dates"
                )
        if page.total is not None and page.total > len(page.records):
            raise WindowTooLargeError(
                f"{api}: the vendor counts {page.total:,} records, but {len(page.records):,} came: "
                "the answer was cut off"
            )
        if self.largest.is_met(len(page.records), window) and window.days:
            raise PerhapsCutOffError(
                f"{api}: {len(page.records):,} records came, the most so far: perhaps a limit of "
                "the server's, if parts of the window don't have fewer",
                len(page.records),
                self._middle(list(filter(None, starts))),
            )

    def _middle(self, starts: list[datetime]) -> datetime | None:
        """The instant by which half of the calls had begun."""
        if not starts:
            return None
        local = sorted(starts)[len(starts) // 2].replace(tzinfo=self.account.timezone)
        return local.astimezone(UTC)

    def _report(self, api: str, first: datetime, last: datetime) -> Page:
        report, permit = self.http.get(
            api,
            PATH,
            lambda answer: self._parse(api, answer),
            params={"api": api, "date_ini": f"{first:{ASKED}}", "date_end": f"{last:{ASKED}}"},
            auth=AUTH,
            headers=self._server(),
        )
        check_whole(api, len(report.records), permit)
        return Page(
            report.records,
            permit.id,
            permit.granted_at,
            report.found,
            digest=permit.outcome.digest,
        )

    def _server(self) -> dict[str, str]:
        """The server's number, as the document's sample has it, if the host does."""
        server = SERVER.match(urlsplit(self.account.base_url).hostname or "")
        return {"wolkvox_server": server[1]} if server else {}

    def _parse(self, api: str, answer: Answer) -> tuple[ReportContent, int]:
        """The envelope by its code and, where one code has several meanings, by its message."""
        envelope = _envelope(api, answer)
        message = str(envelope.get("msg") or "")
        status = _status(api, answer, envelope)
        if status == 404 and _is_empty(message):
            return ReportContent([]), 0
        if status in (401, 403):
            self._raise_refusal(api, answer, message)
        if status != 200:
            refused = replace(answer, status=status)
            raise refuse_page(refused, api, lambda _: bool(message), before=0)
        answer.check(envelope)
        return self._records(api, answer, envelope, message)

    def _raise_refusal(self, api: str, answer: Answer, message: str) -> None:
        """Raises what a 401 or 403 means by its message, unless it is that of a wrong token."""
        what = f"{api}: {answer.quoted(message)}"
        if QUOTA.search(plain_text(message)):
            zone = self.account.timezone
            until = _next_day(answer.permit.granted_at, zone)
            raise QuotaExhaustedError(
                f"{what}: the day's requests are used up; goes on by itself at "
                f"{until.astimezone(zone):%Y-%m-%d %H:%M %Z}",
                until,
            )
        match answer.meaning_of(message):
            case Meaning.PAUSE:
                raise ThrottledError(what, PAUSE)
            case Meaning.PASSING:
                raise TransientError(what)
            case Meaning.INVALID | Meaning.NOTHING:
                raise ContractError(what, answer.body)

    def _records(
        self, api: str, answer: Answer, envelope: dict[str, Any], message: str
    ) -> tuple[ReportContent, int]:
        records = payload.listed(envelope.get("data"))
        if not isinstance(records, list | LongList):
            raise unlike(answer, api, envelope, "has no list `data`")
        found = count_in(message)
        most = self.account.limits.max_records
        if most and max(len(records), found or 0) >= most:
            raise WindowTooLargeError(
                f"{api}: {len(records):,} records came ({answer.quoted(message)}); an answer of "
                f"{most:,} may be cut off"
            )
        return ReportContent(records, found), len(records)


def count_in(message: str) -> int | None:
    """How many records the vendor says that it found: the largest number in its sentence, whatever
    words are around it.
    """
    return max((int(re.sub(r"\D", "", count)) for count in COUNT.findall(message)), default=None)


def _envelope(api: str, answer: Answer) -> dict[str, Any]:
    """The answer's object; an error's body may be anything."""
    try:
        envelope = answer.json(but=OWN, in_pieces="data")
    except ContractError:
        if answer.status == 200:
            raise
        return {}
    if isinstance(envelope, dict):
        return envelope
    if answer.status == 200:
        raise unlike(answer, api, envelope, "isn't an object")
    return {}


def _status(api: str, answer: Answer, envelope: dict[str, Any]) -> int:
    """HTTP's status; where that is 200 the envelope's `code`, which is 200 or "200" by report."""
    if answer.status != 200:
        return answer.status
    code = str(envelope.get("code"))
    if not re.fullmatch("[1-5][0-9][0-9]", code, re.ASCII):
        told = failure_in(envelope) or outline(envelope)
        raise ContractError(
            f"{api}: the answer's `code` is {answer.quoted(code)} ({answer.quoted(told)}). "
            "Is base_url right?",
            answer.body,
        )
    return int(code)


def _is_empty(message: str) -> bool:
    found = EMPTY.fullmatch(plain_text(message))
    return found is not None and (not found[5] or meaning_of(found[5]) is Meaning.NOTHING)


def _next_day(asked_at: datetime, zone: ZoneInfo) -> datetime:
    """When the quota begins again. Just after midnight it is the day before's by the vendor's
    clock, which may be slow: the new day isn't lost for that.
    """
    day = business_day(asked_at, zone)
    soon = day_start(day, zone) + SLOW_CLOCK
    return soon if asked_at < soon else day_end(day, zone)


def _wall_time(value: Any) -> datetime | None:
    try:
        if PLAIN_TIME.fullmatch(value):  # many times faster, and there are thousands
            return datetime.fromisoformat(value)
        return datetime.strptime(value, TIME)  # noqa: DTZ007 - the vendor's times have no offset
    except (TypeError, ValueError):
        return None
