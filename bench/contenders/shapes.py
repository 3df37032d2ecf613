"""Other vendors' records as the rows that Callhouse makes of them, for the floor.

Each shape fetches one after the other whatever there is, and maps it as it is written out here: it
takes every record for a good one.
"""

import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import orjson
import psycopg

from bench.contenders.mapping import CALLS, KEY, LEGS, RAW, Mapping
from bench.contenders.pages import pages
from bench.task import Task

Row = Sequence[Any]
Rows = Sequence[list[Row]]
"""Of each of a shape's tables."""
Table = tuple[str, Sequence[str], Sequence[str], Sequence[str]]
"""Its name, its columns, those of its key, those that a merge compares."""
BATCH = 5_000
"""Records a transaction, twice as many as Callhouse, which reads windows at once."""
RAW_TABLE: Table = ("raw.records", RAW, (*KEY, "record_key", "version"), ("payload",))
CALL = (
    *KEY, "call_id", "vendor", "grain", "direction", "started_at", "started_local", "ended_at",
    "duration_s", "from_number", "to_number", "from_e164", "to_e164", "caller_key", "disposition",
    "is_final", "attributes",
)  # fmt: skip
"""Columns that every shape of calls fills."""


EVENT = (
    *KEY, "call_id", "position", "task_id", "task_name", "description", "started_at", "ended_at",
    "params",
)  # fmt: skip


class Shape:
    """One stream of one vendor."""

    tables: tuple[Table, ...]
    batch = BATCH

    def __init__(self, task: Task, connection: psycopg.Connection) -> None:
        self._task = task
        self._connection = connection
        self._account = task.base_url.rpartition("/")[2]
        self._first = date.fromisoformat(task.first_day)
        self._days = [self._first + timedelta(n) for n in range(task.days)]
        [secret] = connection.execute(
            "SELECT value FROM ops.settings WHERE name = 'caller_secret'"
        ).fetchone() or ("",)
        self._secret = secret.encode()

    def records(self) -> Iterator[Any]:
        """Each record, as `rows` takes it."""
        raise NotImplementedError

    def rows(self, records: list[Any]) -> Rows:
        """The records' rows."""
        raise NotImplementedError


class Dialogs(Shape):
    """Conpeek's, in pages of 500: legs and calls."""

    tables = (
        RAW_TABLE,
        ("facts.call_legs", LEGS, (*KEY, "leg_id"), LEGS[4:]),
        ("facts.calls", CALLS, (*KEY, "call_id"), CALLS[4:]),
    )

    def __init__(self, task: Task, connection: psycopg.Connection) -> None:
        super().__init__(task, connection)
        self._mapping = Mapping(task, self._secret)

    def records(self) -> Iterator[Any]:
        for page in pages(self._task):
            yield from page

    def rows(self, records: list[Any]) -> Rows:
        return self._mapping.rows(records)


class _Calls(Shape):
    """Calls without legs. A subclass says what is its vendor's own."""

    vendor: str
    header: str
    own: tuple[str, ...]

    def __init__(self, task: Task, connection: psycopg.Connection) -> None:
        super().__init__(task, connection)
        self._begun = hmac.new(self._secret, digestmod="sha256")

    def call(self, record: Any) -> tuple[str, datetime, float, Row, Row, dict[str, Any]]:
        """Key, start, duration; grain, direction, numbers, E.164, disposition; the vendor's own
        columns; attributes.
        """
        raise NotImplementedError

    def client(self) -> httpx.Client:
        return httpx.Client(headers={self.header: self._task.token}, timeout=60)

    def rows(self, records: list[Any]) -> Rows:
        raw: list[Row] = []
        calls: list[Row] = []
        now = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S%z}"
        for record in records:
            key, start, duration, common, own, attributes = self.call(record)
            grain, direction, from_, to, from_e164, to_e164, disposition = common
            local = f"{start:%Y-%m-%d %H:%M:%S}"
            place = (local[:10], self._account, self._task.stream, key)
            raw.append((*place, 1, orjson.dumps(record).decode(), now, 0))
            calls.append(
                (
                    *place, self.vendor, grain, direction, f"{local}+00", local,
                    f"{start + timedelta(seconds=duration):%Y-%m-%d %H:%M:%S}+00", duration,
                    from_, to, from_e164, to_e164,
                    self._caller_key(to_e164 if direction == "outbound" else from_e164),
                    disposition, True, orjson.dumps(attributes).decode(), *own,
                )
            )  # fmt: skip
        return raw, calls

    def _caller_key(self, number: str | None) -> str | None:
        if number is None:
            return None
        begun = self._begun.copy()
        begun.update(number.encode())
        return begun.hexdigest()[:32]


def _of_calls(own: tuple[str, ...]) -> tuple[Table, ...]:
    columns = (*CALL, *own)
    return RAW_TABLE, ("facts.calls", columns, (*KEY, "call_id"), columns[4:])


class EvoluxCalls(_Calls):
    """In pages of 50, the whole time as one window."""

    vendor, header = "evolux", "token"
    own = (
        "disposition_raw", "ended_by", "end_reason", "flow_id", "flow_name", "transferred_to",
    )  # fmt: skip
    tables = _of_calls(own)

    def records(self) -> Iterator[Any]:
        asked = {
            "start_date": f"{self._days[0]}T00:00:00+00:00",
            "end_date": f"{self._days[-1]}T23:59:59+00:00",
            "limit": "50",
        }
        with self.client() as client:
            for page in count(1):
                answer = client.get(
                    f"{self._task.base_url}/api/v1/studio/calls",
                    params={**asked, "page": str(page)},
                )
                found = orjson.loads(answer.raise_for_status().content)
                yield from found["data"]
                if page * 50 >= found["pagination"]["total"]:
                    return

    def call(self, record: Any) -> tuple[str, datetime, float, Row, Row, dict[str, Any]]:
        caller, reason = record["caller"], record["exit_reason"]
        disposition = "transferred" if reason == "transfer" else "ivr_contained"
        common = ("ivr_session", "inbound", caller, None, f"+55{caller}", None, disposition)
        flow = record["call_flow"]
        own = (
            reason, record["who_hangup"], record["system_hangup_reason"], str(flow["id"]),
            flow["name"], record["exit_transfer_destination"],
        )  # fmt: skip
        start = datetime.fromisoformat(record["start_time"])
        attributes = {"uuid": record["uuid"], "project": record["project"]}
        return str(record["id"]), start, record["duration"], common, own, attributes


class WolkvoxCalls(_Calls):
    """In one answer."""

    vendor, header = "wolkvox", "wolkvox-token"
    own = (
        "talk_s", "ended_by", "agent_id", "agent_name", "queue_id", "queue_name", "campaign_id",
        "wrapup_code", "wrapup_name", "cost",
    )  # fmt: skip
    tables = _of_calls(own)
    attributes = (
        "conn_id", "type_interaction", "telephone", "destiny", "customer_id", "hang_up",
        "time_min", "cod_act_2", "description_cod_act_2", "comment",
    )  # fmt: skip

    def records(self) -> Iterator[Any]:
        asked = {
            "api": "cdr_1",
            "date_ini": f"{self._days[0]:%Y%m%d}000000",
            "date_end": f"{self._days[-1]:%Y%m%d}235959",
        }
        with self.client() as client:
            url = f"{self._task.base_url}/api/v2/reports_manager.php"
            answer = client.get(url, params=asked).raise_for_status()
            yield from orjson.loads(answer.content)["data"]

    def call(self, record: Any) -> tuple[str, datetime, float, Row, Row, dict[str, Any]]:
        kind, other, seconds = (
            record["type_interaction"], record["telephone"], float(record["time_seg"]),
        )  # fmt: skip
        numbers: Row = (other, None, f"+57{other}", None)
        if kind == "outbound_ma":
            numbers = (None, other, None, f"+57{other}")
        direction = "inbound" if kind == "inbound" else "outbound"
        own = (
            seconds, record["hang_up"], record["agent_id"], record["agent_name"],
            record["skill_id"], record["skill_name"], record["campaign_id"], record["cod_act"],
            record["description_cod_act"], record["cost"],
        )  # fmt: skip
        key = "/".join((record["conn_id"], record["agent_id"], kind, record["date"]))
        attributes = {name: value for name in self.attributes if (value := record[name])}
        start = datetime.fromisoformat(record["date"])
        return key, start, seconds, ("call", direction, *numbers, "answered"), own, attributes


class ClickfonoCalls(_Calls):
    """A day an answer."""

    vendor, header = "clickfono", "security-token"
    own = ("talk_s", "disposition_raw", "queue_id", "queue_name", "attempt_no")
    tables = _of_calls(own)
    attributes = ("additionals", "enqueued", "duration_customer")

    def records(self) -> Iterator[Any]:
        with self.client() as client:
            for day in self._days:
                url = f"{self._task.base_url}/calls/list"
                answer = client.get(url, params={"date": f"{day}"}).raise_for_status()
                yield from orjson.loads(answer.content or b"[]")

    def call(self, record: Any) -> tuple[str, datetime, float, Row, Row, dict[str, Any]]:
        ours, customer = record["call_number_company"], record["caller_number"]
        connected = record["status"] == "Conectada"
        disposition = "answered" if connected else "no_answer"
        numbers = (ours, customer, f"+{ours}", customer)
        own = (
            float(record["duration_customer"]) if connected else None, record["status"],
            record["popup_uuid"], record["popup_name"], record["retry"],
        )  # fmt: skip
        start = datetime.strptime(record["call_at"], "%Y/%m/%d %H:%M:%S %z")
        attributes = {name: record[name] for name in self.attributes}
        common = ("callback_request", "outbound", *numbers, disposition)
        return record["uuid"], start, float(record["duration_company"]), common, own, attributes


class EvoluxDetails(Shape):
    """A request for each call that is in the warehouse already."""

    tables = (
        RAW_TABLE,
        ("facts.call_events", EVENT, (*KEY, "call_id", "position"), EVENT[5:]),
    )
    batch = 1_000

    def records(self) -> Iterator[Any]:
        known = self._connection.execute(
            "SELECT call_date::text, call_id FROM facts.calls ORDER BY started_at DESC"
        ).fetchall()
        url = f"{self._task.base_url}/api/v1/studio/calls"
        with httpx.Client(headers={"token": self._task.token}, timeout=60) as client:
            for day, call_id in known:
                answer = client.get(f"{url}/{call_id}/cdr").raise_for_status()
                yield day, call_id, orjson.loads(answer.content)["data"]

    def rows(self, records: list[Any]) -> Rows:
        raw: list[Row] = []
        events: list[Row] = []
        now = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S%z}"
        for day, call_id, record in records:
            place = (day, self._account, self._task.stream, call_id)
            raw.append((*place, 1, orjson.dumps(record).decode(), now, 0))
            events += [
                (
                    *place, position, task["task_id"], task["task_name"],
                    task["task_description"], _utc(task["start_time_epoch"]),
                    _utc(task["end_time_epoch"]), orjson.dumps(task["task_raw_params"]).decode(),
                )
                for position, task in enumerate(record["executed_tasks"], start=1)
            ]  # fmt: skip
        return raw, events


def _utc(epoch: int) -> str:
    return f"{datetime.utcfromtimestamp(epoch):%Y-%m-%d %H:%M:%S}+00"  # noqa: DTZ004


SHAPES: dict[tuple[str, str], type[Shape]] = {
    ("conpeek", "dialogs"): Dialogs,
    ("evolux", "calls"): EvoluxCalls,
    ("evolux", "call_details"): EvoluxDetails,
    ("wolkvox", "calls"): WolkvoxCalls,
    ("clickfono", "calls"): ClickfonoCalls,
}


def batches(records: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The records, so many at a time."""
    batch: list[Any] = []
    for record in records:
        batch.append(record)
        if len(batch) == size:
            yield batch
            batch = []
    yield batch
