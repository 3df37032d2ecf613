"""Wolkvox: the reports manager. One answer a window, without pages, every value a string.

The vendor's document is of `cdr_2` and names the limits; the other reports and the texts of the
errors are known from public material, so whatever of theirs isn't mapped stays in `attributes`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from resources.account import Account, Limits
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
from resources.http.failures import Meaning, failure_in, meaning_of, outline, plain_text
from resources.http.refusals import refuse_page, unlike
from resources.text import payload
from resources.vendor_api.client import Client
from resources.vendor_api.paging import check_whole
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Facts, Page, Record, Stream, Vendor
from resources.windows import ONE_DAY, SECOND, Window, business_day, day_end, day_start
from sql.vocabulary import Direction, Disposition, EndedBy, Grain, Tells

if TYPE_CHECKING:
    from resources.vendor_api.normalise import Columns
    from resources.vendor_api.series import Column

DOCUMENT = "APIs Reports Manager: 2. Calls and telephone usage per agent"
PUBLIC = "APIs Reports Manager, known from public material"
PATH = "api/v2/reports_manager.php"
AUTH = HeaderToken("wolkvox-token")
ASKED = "%Y%m%d%H%M%S"
"""`date_ini` and `date_end`: YYYYmmddHHiiss, wall time."""
DAY_LAST = time(23, 59, 59)
TIME = "%Y-%m-%d %H:%M:%S"
"""`date` of a record: wall time. No document is so exact; any other form is rejected."""
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
TOTALS = re.compile(r"(?i)\s*(grand |gran )?total(es|s)?( general)?\s*")
LEFT_OUT = "a row of all agents' totals was left out"
NO_SUM = "a row is called as totals are, but isn't the sum of the others: it counts as an agent"

DIRECTIONS = {
    "inbound": Direction.INBOUND,
    "out_pre": Direction.OUTBOUND,
    "outbound_ma": Direction.OUTBOUND,
    "internal call": Direction.INTERNAL,
    "internal call_inb": Direction.INTERNAL,
    "internal call_que": Direction.INTERNAL,
    "conference": Direction.UNKNOWN,
    "transfer": Direction.UNKNOWN,
}
DISPOSITIONS = {
    "Cancel": Disposition.CANCELED,
    "Chanunavail": Disposition.FAILED,
    "Congestion": Disposition.FAILED,
    "Busy": Disposition.BUSY,
    "No answer": Disposition.NO_ANSWER,
    "Tcpa": Disposition.BLOCKED,
    "Do not call": Disposition.BLOCKED,
}
ENDED_BY = {"agent": EndedBy.AGENT, "customer": EndedBy.CUSTOMER}


@dataclass(frozen=True, slots=True)
class Report:
    """What an answer holds, and how many records the vendor says that it found."""

    records: list[Any]
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
        last = datetime.combine(window.day, DAY_LAST)
        page = self._report("cdr_2", midnight, min(window.wall_times[1], last))
        named = [row for row in page.records if _is_called_total(row)]
        if len(named) == 1 and _is_sum(named[0], page.records):
            rest = [row for row in page.records if row is not named[0]]
            found = page.total - 1 if page.total == len(page.records) else page.total
            page = replace(page, records=rest, total=found, remark=LEFT_OUT)
        elif named:
            page = replace(page, remark=NO_SUM)
        yield page

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
        goes_on = last.time() != DAY_LAST  # else its days are asked for alone, if they are empty
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
        return Page(report.records, permit.id, permit.granted_at, report.found)

    def _server(self) -> dict[str, str]:
        """The server's number, as the document's sample has it, if the host does."""
        server = SERVER.match(urlsplit(self.account.base_url).hostname or "")
        return {"wolkvox_server": server[1]} if server else {}

    def _parse(self, api: str, answer: Answer) -> tuple[Report, int]:
        """The envelope by its code and, where one code has several meanings, by its message."""
        envelope = _envelope(api, answer)
        message = str(envelope.get("msg") or "")
        status = _status(api, answer, envelope)
        if status == 404 and _is_empty(message):
            return Report([]), 0
        if status in (401, 403):
            self._raise_refusal(api, answer, message)
        if status != 200:
            refused = replace(answer, status=status)
            raise refuse_page(refused, api, lambda _: bool(message), before=0)
        if failure := failure_in(envelope):
            raise ContractError(
                f"{api}: the vendor says that the request failed ({answer.quoted(failure)})",
                answer.body,
            )
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
    ) -> tuple[Report, int]:
        records = payload.listed(envelope.get("data"))
        if not isinstance(records, list):
            raise unlike(answer, api, envelope, "has no list `data`")
        found = count_in(message)
        most = self.account.limits.max_records
        if most and max(len(records), found or 0) >= most:
            raise WindowTooLargeError(
                f"{api}: {len(records):,} records came ({answer.quoted(message)}); an answer of "
                f"{most:,} may be cut off"
            )
        return Report(records, found), len(records)


def count_in(message: str) -> int | None:
    """How many records the vendor says that it found: the largest number in its sentence, whatever
    words are around it.
    """
    return max((int(re.sub(r"\D", "", count)) for count in COUNT.findall(message)), default=None)


def _is_called_total(row: Any) -> bool:
    return isinstance(row, dict) and bool(TOTALS.fullmatch(str(row.get("agent_name"))))


def _is_sum(total: Any, rows: list[Any]) -> bool:
    """Whether one of the rows is no agent, but the sum of all others."""
    whole, calls = _count_of(total), [_count_of(row) for row in rows]
    if not whole or None in calls:
        return False
    return len(rows) > 1 and sum(filter(None, calls)) == 2 * whole


def _count_of(row: Any) -> int | None:
    """A row's calls, as they are written for people, too; none where nothing is written."""
    value = str(row.get("calls") or 0).strip() if isinstance(row, dict) else ""
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", value, re.ASCII):
        value = re.sub(r"\D", "", value)
    return int(value) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else None


def _envelope(api: str, answer: Answer) -> dict[str, Any]:
    """The answer's object; an error's body may be anything."""
    try:
        envelope = answer.json(but=OWN)
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
        return datetime.strptime(value, TIME)  # noqa: DTZ007 - the vendor's times have no offset
    except (TypeError, ValueError):
        return None


def usage_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.agent_usage`: totals have no time of their own, they belong to the day asked for."""
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    cost = columns.decimal("cost")
    usage = pd.DataFrame(
        {
            "agent_name": columns.text("agent_name", required=True),
            "calls": columns.integer("calls"),
            "cost": cost,
            "currency": _currency(cost, account),
            "attributes": columns.rest(),
        }
    )
    return columns.facts(None, {"agent_usage": usage}, None)


def calls_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls` of `cdr_1`: every record is a call that an agent spoke in.

    `time_seg` is all that is said of its length, so it is both `duration_s` and `talk_s`.
    """
    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    spoken = columns.seconds("time_seg")
    cost = columns.decimal("cost")
    ended_by = columns.mapped("hang_up", ENDED_BY, EndedBy.UNKNOWN)
    return _calls_to_facts(
        columns,
        ("hang_up", "time_min", "cod_act_2", "description_cod_act_2", "comment"),
        {
            "duration_s": spoken,
            "talk_s": spoken,
            "disposition": Disposition.ANSWERED,
            "ended_by": ended_by.where(columns.text("hang_up").notna(), None),
            "queue_id": columns.text("skill_id"),
            "queue_name": columns.text("skill_name"),
            "wrapup_code": columns.text("cod_act"),
            "wrapup_name": columns.text("description_cod_act"),
            "cost": cost,
            "currency": _currency(cost, account),
        },
    )


def unconnected_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls` of `cdr_5`: what became of a call is its `result`."""
    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    return _calls_to_facts(
        columns,
        (),
        {
            "ring_s": columns.seconds("ring_time"),
            "disposition": columns.mapped("result", DISPOSITIONS, Disposition.UNKNOWN),
            "disposition_raw": columns.text("result"),
        },
    )


def _calls_to_facts(
    columns: "Columns", kept: tuple[str, ...], own: "dict[str, Column | str]"
) -> Facts:
    """What both reports of calls have in common.

    `telephone` is the other side's number: which end of the call that was is known of inbound
    and outbound calls only.
    """
    import pandas as pd

    started_at = columns.local("date", TIME, required=True)
    direction = columns.mapped("type_interaction", DIRECTIONS, Direction.UNKNOWN)
    telephone = columns.text("telephone")
    from_number = telephone.where(direction == Direction.INBOUND, None)
    to_number = telephone.where(direction == Direction.OUTBOUND, None)
    calls = pd.DataFrame(
        {
            "grain": Grain.CALL,
            "direction": direction,
            "started_at": started_at,
            "from_number": from_number,
            "to_number": to_number,
            "from_e164": columns.e164(from_number),
            "to_e164": columns.e164(to_number),
            "is_final": True,
            "agent_id": columns.text("agent_id"),
            "agent_name": columns.text("agent_name"),
            "campaign_id": columns.text("campaign_id"),
            **own,
            "attributes": columns.rest(
                "conn_id", "type_interaction", "telephone", "destiny", "customer_id", *kept
            ),
        }
    )
    return columns.facts(started_at, {"calls": calls}, None)


def _currency(cost: "Column", account: Account) -> "Column":
    """The account's currency beside each cost: the vendor names none."""
    return cost.where(cost.isna(), account.currency)


KEY = ("conn_id", "agent_id", "type_interaction", "date")
"""`conn_id` alone isn't known to be unique."""

AGENT_USAGE = Stream(
    name="agent_usage",
    title="Calls and cost of each agent, by day (cdr_2)",
    document=DOCUMENT,
    table="agent_usage",
    read=Wolkvox.agent_usage,
    key=key_of("agent_name", is_name=True),
    normalise=usage_to_facts,
    live="day",
    settle=timedelta(days=1),
)
CALLS = Stream(
    name="calls",
    title="Calls that agents handled (cdr_1)",
    document=PUBLIC,
    table="calls",
    read=Wolkvox.calls,
    key=key_of(*KEY),
    normalise=calls_to_facts,
    lookback=timedelta(hours=2),
    settle=timedelta(days=3),
    settle_every=timedelta(hours=12),
    spans_days=True,
)
UNCONNECTED_CALLS = Stream(
    name="unconnected_calls",
    title="Calls that weren't connected (cdr_5)",
    document=PUBLIC,
    table="calls",
    read=Wolkvox.unconnected_calls,
    key=key_of(*KEY, optional={"agent_id"}),  # nobody may have been there to take it
    normalise=unconnected_to_facts,
    spans_days=True,
)

VENDOR = Vendor(
    name="wolkvox",
    title="Wolkvox",
    timezone="America/Bogota",
    country="CO",
    client=Wolkvox,
    streams=(AGENT_USAGE, CALLS, UNCONNECTED_CALLS),
    requests_per_license=1000,
    poll_every=timedelta(minutes=5),
    tells=frozenset({Tells.ABANDONED, Tells.TALK, Tells.AGENTS, Tells.QUEUES, Tells.COSTS}),
    limits=Limits(
        min_interval_s=300,
        concurrency=1,
        max_window_days=31,
        max_records=60_000,
        max_bytes=256 * 1024 * 1024,
        timeout_s=60,
        sources={
            "min_interval_s": f'{DOCUMENT}: "a consumption every 5 minutes"',
            "concurrency": f'{DOCUMENT}: "the same token cannot be consumed simultaneously" '
            '(and "2 simultaneous requests": the stricter counts)',
            "daily_requests": f'{DOCUMENT}: "number of licenses multiplied by 1000"',
            "max_window_days": f"{DOCUMENT}: 31 days",
            "max_records": f"{DOCUMENT}: 60,000 records",
            "max_bytes": f"{DOCUMENT}: 256 MB",
            "timeout_s": f"{DOCUMENT}: 60 seconds",
        },
    ),
)
