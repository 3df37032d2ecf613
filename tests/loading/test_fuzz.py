"""Mutated answers of every vendor: no error but the declared ones, no record lost, all heals."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.loading.result import Result
from resources.account import Account
from resources.errors import ContractError
from resources.standin import Tenant
from resources.standin.answer import Answer
from resources.standin.faults import Fault
from resources.text import payload
from resources.vendor_api.vendor import AnyStream, Stream
from resources.vendors import discover
from tests.model.system import System
from tests.model.vendors import KINDS

FIXTURES = Path(__file__).parents[1] / "fixtures"
ODD: tuple[Any, ...] = (
    None, "", " ", "much", 0, -1, 1.5, 2**63, 2**64, 10**400, 1e308, True, [], {}, [[1]],
    {"a": {"b": [1]}}, "a\x00b", "\ud800", "9" * 600, "é" * 600, "1e400", "NaN", "0x10", "1_000",
    "٣", "2026-02-30 25:61:61", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2019/04/02 10:05:03",
    "2020-01-12T13:00:00+99:00", "-1", "1,5", "'; DROP TABLE facts.calls; --", "{}", "\\N",
)  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    """A recorded answer, as the stand-in can serve it again."""

    vendor: str
    stream: str
    file: str
    day: date
    report: str | None = None

    @property
    def answer(self) -> Any:
        return json.loads((FIXTURES / self.vendor / self.file).read_text(encoding="utf-8"))

    def fill(self, tenant: Tenant) -> None:
        answer = self.answer
        if self.stream == "call_details":
            calls = "studio_calls.200.sample.json"
            listed = json.loads((FIXTURES / self.vendor / calls).read_text(encoding="utf-8"))[
                "data"
            ]
            tenant.put(listed)
            for call in listed:
                began = int(datetime.fromisoformat(call["start_time"]).timestamp())
                tenant.put_detail(call["id"], answer["data"] | {"enter_time_epoch": began})
            return
        records = answer if isinstance(answer, list) else answer["data"]
        day = self.day if self.stream == "agent_usage" else None
        tenant.put(records, self.report, day)

    def records(self, body: bytes) -> list[Any] | None:
        """Those of an answer; None where it isn't one."""
        try:
            answer = payload.decode(body)
        except ContractError:
            return None
        if isinstance(answer, dict):
            answer = answer.get("data")
        if self.stream == "call_details":
            return [answer] if isinstance(answer, dict) else None
        return answer if isinstance(answer, list) else None

    def __str__(self) -> str:
        return f"{self.vendor}.{self.stream}"


RECORDED = (
    Recorded("conpeek", "dialogs", "cdr_dialog.200.sample.json", date(2026, 3, 10)),
    Recorded("clickfono", "calls", "calls_list.200.sample.json", date(2019, 4, 2)),
    Recorded("evolux", "calls", "studio_calls.200.sample.json", date(2020, 1, 12)),
    Recorded("evolux", "call_details", "studio_calls_cdr.200.sample.json", date(2020, 1, 12)),
    Recorded("vono", "recordings", "recording.200.sample.json", date(2018, 3, 14)),
    Recorded("wolkvox", "agent_usage", "reports_manager.200.cdr_2.sample.json", date(2026, 3, 10),
             "cdr_2"),
    Recorded("wolkvox", "calls", "reports_manager.200.cdr_1.sample.json", date(2026, 3, 10),
             "cdr_1"),
    Recorded("wolkvox", "unconnected_calls", "reports_manager.200.cdr_5.sample.json",
             date(2026, 3, 10), "cdr_5"),
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something may be changed, the whole included."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(place for name, item in inner for place in _places(item, (*path, name)))]


def _change(value: Any, path: tuple[Any, ...], how: str, odd: Any) -> Any:
    if not path:
        return odd
    holder = value
    for name in path[:-1]:
        holder = holder[name]
    if how == "replace":
        holder[path[-1]] = odd
    elif how == "repeat" and isinstance(holder, list):
        holder.append(holder[path[-1]])
    elif how == "add" and isinstance(holder, dict):
        holder[f"{path[-1]} too"] = odd
    else:
        del holder[path[-1]]
    return value


@st.composite
def json_mutations(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Changes of the answer's value at up to three places."""
    changes = draw(
        st.lists(
            st.tuples(
                st.integers(0, 10_000), st.sampled_from(["replace", "repeat", "add", "delete"]),
                st.sampled_from(ODD),
            ),
            min_size=1, max_size=3,
        )
    )  # fmt: skip

    def mutate(body: bytes) -> bytes:
        value = json.loads(body)
        for place, how, odd in changes:
            places = _places(value)
            value = _change(value, places[place % len(places)], how, odd)
        return json.dumps(value).encode()

    return mutate


@st.composite
def byte_mutations(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Some bytes others, fewer, more, or in another encoding."""
    start, length = draw(st.integers(0, 10_000)), draw(st.integers(0, 40))
    insert, how = (
        draw(st.binary(max_size=8)),
        draw(st.sampled_from(["cut", "swap", "latin", "bom"])),
    )

    def mutate(body: bytes) -> bytes:
        at = start % (len(body) + 1)
        if how == "latin":
            return body.decode().encode("latin-1", "replace")
        if how == "bom":
            return b"\xef\xbb\xbf" + body
        return body[:at] if how == "cut" else body[:at] + insert + body[at + length :]

    return mutate


class Fuzz:
    """One stream, again and again: spoiled once, then read well."""

    def __init__(self, system: System, recorded: Recorded) -> None:
        self.system = system
        self.recorded = recorded
        self.kind = next(kind for kind in KINDS if kind.vendor == recorded.vendor)
        self.stream: AnyStream = discover()[recorded.vendor].stream(recorded.stream)
        now = datetime.combine(recorded.day, datetime.min.time(), UTC) + timedelta(days=30)
        system.clock.set(now)

    def try_(self, mutate: Callable[[bytes], bytes]) -> None:
        tenant, account, parent = self.system.open(self.kind, self.recorded.day)
        account = account.model_copy(update={"streams": (parent.name, self.stream.name)})
        self.recorded.fill(tenant)
        if not isinstance(self.stream, Stream):
            self.load(account, parent)

        served: list[bytes] = []

        def spoil(answer: Answer) -> None:
            if answer.status == 200:
                answer.body = mutate(answer.encoded())
                served.append(answer.body)

        tenant.arm(Fault("fuzz", spoil))
        result = self.load(account, self.stream)
        assert "an unexpected" not in (result.error or ""), result.error
        if result.error is None and not self.is_refused(account):
            for body in served:
                self.check_nothing_is_lost(account, body)

        tenant.disarm()
        self.system.clock.advance(timedelta(hours=2))  # details are asked for again after one
        result = self.load(account, self.stream)
        if self.is_believed_tomorrow(account):
            self.system.clock.advance(timedelta(days=1))
            result = self.load(account, self.stream)
        assert result.error is None
        assert self.rejects(account, "record_key IS NULL AND resolved_at IS NULL") == []
        state = self.system.query(
            f"SELECT state FROM ops.days WHERE account = :account AND call_date = "
            f"'{self.recorded.day}' AND stream = '{self.stream.name}'", account,
        )  # fmt: skip
        assert [tuple(row) for row in state] == [("complete",)]

    def is_believed_tomorrow(self, account: Account) -> bool:
        """Whether the good answer shows none of what the spoiled one did, or other totals: only the
        same answer on another day is believed.
        """
        has_totals = isinstance(self.stream, Stream) and self.stream.replaces
        waits = "doubted_since IS NOT NULL" + (" OR state = 'settling'" if has_totals else "")
        query = f"SELECT FROM ops.days WHERE account = :account AND ({waits})"
        return bool(self.system.query(query, account))

    def is_refused(self, account: Account) -> bool:
        """Whether what came was no detail: that fails it alone, and it is asked for again."""
        failed = self.system.query(
            "SELECT FROM ops.details WHERE account = :account AND error IS NOT NULL", account
        )
        return bool(failed)

    def check_nothing_is_lost(self, account: Account, body: bytes) -> None:
        raw = self.system.query(
            f"SELECT payload FROM raw.records WHERE account = :account "
            f"AND stream = '{self.stream.name}'", account,
        )  # fmt: skip
        kept = [_exact(payload.encode(row.payload)) for row in raw]
        kept += [_exact(text) for text in self.rejects(account, "true")]
        for record in self.recorded.records(body) or []:
            redacted = self.stream.redact(record) if self.stream.redact else record
            assert _exact(payload.encode(redacted)) in kept

    def rejects(self, account: Account, where: str) -> list[bytes]:
        rows = self.system.query(
            f"SELECT payload FROM ops.rejects WHERE account = :account AND {where} "
            f"AND stream = '{self.stream.name}'", account,
        )  # fmt: skip
        return [payload.encode(row.payload) for row in rows]

    def load(self, account: Account, stream: AnyStream) -> Result:
        loader = self.system.loaders[account.vendor]
        return loader.backfill([account], [stream], [self.recorded.day])[0]


def _exact(text: bytes) -> Any:
    """What it says, however jsonb writes its numbers: 1e308 as an integer of 309 digits."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _fuzz(system: System, recorded: Recorded, examples: int, derandomize: bool) -> None:
    fuzz = Fuzz(system, recorded)

    @settings(
        max_examples=examples, derandomize=derandomize, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.one_of(json_mutations(), json_mutations(), byte_mutations()))
    def test(mutate: Callable[[bytes], bytes]) -> None:
        fuzz.try_(mutate)

    test()


@pytest.mark.parametrize("recorded", RECORDED, ids=str)
def test_mutated_answers_lose_nothing_and_heal(system: System, recorded: Recorded) -> None:
    _fuzz(system, recorded, 4, derandomize=True)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("recorded", RECORDED, ids=str)
def test_many_mutated_answers_lose_nothing_and_heal(system: System, recorded: Recorded) -> None:
    _fuzz(system, recorded, int(os.environ.get("MUTATIONS", "1000")), derandomize=False)
