"""Clickfono: `calls/list`. One record is one callback *request*, which changes while it is retried.

A visitor leaves a number in a popup; the vendor dials the popup's agent first, then the visitor.
So a request is an outbound call from the agent's phone to the visitor's, and its two durations
are those of the two sides: the agent's is the longer.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from resources.account import Account, Limits, Options
from resources.errors import ContractError, TransientError, WindowTooLargeError
from resources.http.answer import Answer
from resources.http.auth import HeaderToken
from resources.http.refusals import refuse, unlike
from resources.text import payload
from resources.vendor_api.client import Client
from resources.vendor_api.paging import check_whole
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Facts, Page, Record, Stream, Vendor
from resources.windows import Window
from sql.vocabulary import Direction, Disposition, Grain, Tells

DOCUMENT = "API información de listado de llamados y filtrado por parámetros de Clickfono"
REPORT = "calls_list"
AUTH = HeaderToken("security-token")
TIME = "%Y/%m/%d %H:%M:%S %z"
"""`call_at`, with the offset of its moment: Chile's clocks change."""

DISPOSITIONS = {
    "Conectada": Disposition.ANSWERED,
    "No Conectada": Disposition.NO_ANSWER,
    "Intentos terminados": Disposition.NO_ANSWER,
    "SPAM": Disposition.BLOCKED,
    "Fuera de horario": Disposition.OUT_OF_HOURS,
    "En cola": Disposition.QUEUED,
    "Por ejecutar": Disposition.QUEUED,
    "En ejecución": Disposition.IN_PROGRESS,
}
"""All of the document's values of `status`."""
FINAL = {"Conectada", "Intentos terminados", "SPAM"}
"""`No Conectada` is final as well, once no further attempt is queued."""


class ClickfonoOptions(Options):
    """The document's one filter."""

    popup_uuids: tuple[UUID, ...] = ()


class Clickfono(Client):
    """`GET calls/list`: all requests of one day, of one popup or of all, in one answer."""

    def calls(self, window: Window) -> Iterator[Page]:
        """The requests of the window's business day: a day is the least that can be asked for."""
        options = self.account.options
        assert isinstance(options, ClickfonoOptions)
        for popup in options.popup_uuids or (None,):
            params = {"date": window.day.isoformat()}
            if popup:
                params["popup_uuid"] = str(popup)
            try:
                calls, permit = self.http.get(
                    REPORT,
                    "calls/list",
                    self._parse,
                    params=params,
                    auth=AUTH,
                )
            except WindowTooLargeError as error:
                raise TransientError(f"{REPORT}: {error}, and a day can't be split") from None
            is_odd = self.largest.is_met(len(calls), window)
            remark = f"{len(calls):,} records came, as limits have it or as of another day, and "
            remark += "the most so far: does the server give no more?"
            yield Page(
                calls,
                permit.id,
                permit.granted_at,
                remark=remark if is_odd else None,
                digest=permit.outcome.digest,
            )
            check_whole(REPORT, len(calls), permit)
            self._check_asked_for(calls, window.day, popup)

    def _parse(self, answer: Answer) -> tuple[list[Any], int]:
        if answer.status == 204:
            return [], 0
        if answer.status == 404:
            raise ContractError(
                f"{REPORT}: HTTP 404{answer.words}. The document has that for a single call that "
                "isn't known; a day without calls is 204. Is base_url right?",
                answer.body,
            )
        if answer.status != 200:
            raise refuse(answer, REPORT)
        calls = payload.listed(answer.json())
        if not isinstance(calls, list):
            raise unlike(answer, REPORT, calls, "isn't a list")
        return calls, len(calls)

    def _check_asked_for(self, calls: list[Any], day: date, popup: UUID | None) -> None:
        """Raises ContractError for a record of another day or popup: the filter didn't work.

        That `date` means a day on the account's clocks is our assumption; here it is checked.
        """
        for call in calls:
            local = self._local(call.get("call_at")) if isinstance(call, dict) else None
            if local is None:
                continue  # a broken record is the mapping's to reject
            if local.date() != day:
                raise ContractError(
                    f"{REPORT}: asked for {day}, got a call at {local:%Y-%m-%d %H:%M:%S %Z}: "
                    "the vendor ignored `date`, or the account's timezone isn't its own"
                )
            if popup and str(call.get("popup_uuid")).lower() != str(popup):
                raise ContractError(
                    f"{REPORT}: asked for popup {popup}, got one of {call.get('popup_uuid')}: "
                    "the vendor ignored `popup_uuid`"
                )

    def _local(self, value: Any) -> datetime | None:
        try:
            instant = datetime.strptime(value, TIME)  # noqa: DTZ007 - the format has the offset
            return instant.astimezone(self.account.timezone)
        except (TypeError, ValueError, OverflowError):
            return None


def calls_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls`, grain `callback_request`, by what the status says and nothing else.

    A duration is no proof of a conversation (the document's own `No Conectada` has 80 s), so
    `talk_s` is the customer's side of a connected call only; of others it is in `attributes`.
    Of a request without a status nothing is known but that it isn't over.
    """
    import pandas as pd

    from resources.vendor_api.normalise import INTEGER, Columns

    columns = Columns(records, account)
    columns.text("uuid", required=True)
    status = columns.one_of("status", DISPOSITIONS)
    columns.note(status.isna(), "status", "missing")
    started_at = columns.instant("call_at", TIME, required=True)
    company_number = columns.text("call_number_company")
    customer_number = columns.text("caller_number")
    customer_s = columns.seconds("duration_customer")
    enqueued = columns.boolean("enqueued")
    is_final = status.isin(FINAL) | ((status == "No Conectada") & enqueued.eq(False))
    calls = pd.DataFrame(
        {
            "grain": Grain.CALLBACK_REQUEST,
            "direction": Direction.OUTBOUND,
            "started_at": started_at,
            "duration_s": columns.seconds("duration_company"),
            "talk_s": customer_s.where(status == "Conectada"),
            "from_number": company_number,
            "to_number": customer_number,
            "from_e164": columns.e164(company_number),
            "to_e164": columns.e164(customer_number),
            "disposition": columns.mapped("status", DISPOSITIONS, Disposition.UNKNOWN),
            "disposition_raw": columns.text("status"),
            "is_final": is_final,
            "queue_id": columns.text("popup_uuid"),
            "queue_name": columns.text("popup_name"),
            "attempt_no": columns.integer("retry", most=INTEGER),
            "attributes": columns.rest("additionals", "enqueued", "duration_customer"),
        }
    )
    return columns.facts(started_at, {"calls": calls}, ~is_final)


CALLS = Stream(
    name="calls",
    title="Callback requests, with their state",
    document=DOCUMENT,
    table="calls",
    read=Clickfono.calls,
    key=key_of("uuid", uuid_dash=""),
    normalise=calls_to_facts,
    live="day",
    settle=timedelta(days=7),
    settle_every=timedelta(hours=3),
    until_final=True,
)

VENDOR = Vendor(
    name="clickfono",
    title="Clickfono",
    timezone="America/Santiago",
    country="CL",
    client=Clickfono,
    streams=(CALLS,),
    options=ClickfonoOptions,
    tells=dict.fromkeys(
        (Tells.ATTEMPTS, Tells.TALK, Tells.QUEUES, Tells.QUEUES_OF_LOST_CALLS), (CALLS.name,)
    ),
    limits=Limits(
        concurrency=2,
        requests_per_s=2,
        max_window_days=1,
        sources={
            "concurrency": "assumed: not documented",
            "requests_per_s": "assumed: not documented",
            "max_window_days": f"{DOCUMENT}: `date` is one day",
        },
    ),
)
