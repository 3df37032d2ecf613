"""Clickfono as `API información de listado de llamados y filtrado por parámetros` describes it."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from resources.errors import ContractError, PermanentError, TransientError
from resources.standin import Fault, StandIn, Tenant
from resources.vendor_api.values import NO_VALUE
from resources.vendor_api.vendor import Facts, Page
from resources.vendors import discover
from resources.vendors.clickfono import ClickfonoOptions
from resources.windows import Window, business_day
from tests.unit.helpers import account, account_of, client, rows, sample

ZONE = ZoneInfo("America/Santiago")
DAY = date(2019, 4, 2)
AFTERWARDS = datetime(2026, 7, 1, tzinfo=UTC)
WINDOW = Window.of_days((DAY,), ZONE, AFTERWARDS)
CALLS: list[dict[str, Any]] = sample("clickfono/calls_list.200.sample.json")
POPUP = "14f1cc88-6ce8-11e9-b8f9-001d09ef4aa0"
OTHER_POPUP = "00000000-0000-4000-8000-000000000001"
STREAM: Any = discover()["clickfono"].stream("calls")

Read = Callable[..., list[Page]]


def facts(*changes: dict[str, Any]) -> Facts:
    """The sample's connected call, changed in as many ways."""
    found: Facts = STREAM.normalise([CALLS[0] | change for change in changes], account("clickfono"))
    return found


def row(**changes: Any) -> dict[str, Any]:
    """The one row of a changed record."""
    (found,) = rows(facts(changes))["calls"]
    return found


@pytest.fixture
def tenant(vendors: StandIn) -> Tenant:
    """A customer with the document's two calls."""
    tenant = vendors.tenant("clickfono", "test-cl")
    tenant.put(CALLS)
    return tenant


@pytest.fixture
def read(vendors: StandIn, tenant: Tenant) -> Read:
    """Reads a window; `pages` fills up even if the read ends with an error."""

    def read(
        window: Window = WINDOW, pages: list[Page] | None = None, **changes: Any
    ) -> list[Page]:
        pages = [] if pages is None else pages
        with client(account_of(vendors, tenant, **changes)) as clickfono:
            pages.extend(STREAM.read(clickfono, window))
        return pages

    return read


@pytest.fixture
def asked(vendors: StandIn) -> Callable[[], list[dict[str, str]]]:
    """The parameters of every request so far."""
    return lambda: [dict(parse_qsl(urlsplit(r.path).query)) for r in vendors.requests]


def test_the_sample_means_what_a_careful_reader_expects() -> None:
    found: Facts = STREAM.normalise(CALLS, account("clickfono"))
    common = {
        "grain": "callback_request",
        "direction": "outbound",
        "to_number": "+56987654321",
        "to_e164": "+56987654321",
        "is_final": True,
        "queue_id": POPUP,
        "queue_name": "Pruebas Clickfono",
        "attempt_no": 3,
    }
    connected = {
        "started_at": "2019-04-02T13:05:03+00:00",
        "duration_s": 117.0,
        "talk_s": 95.0,
        "from_number": "56223456789",
        "from_e164": "+56223456789",
        "disposition": "answered",
        "disposition_raw": "Conectada",
        "attributes": {
            "enqueued": False,
            "duration_customer": "95",
            "additionals": {"Nombre": "Juan Perez", "Rut": "11.111.111-1"},
        },
    }
    unconnected = {
        "started_at": "2019-04-02T14:05:03+00:00",
        "duration_s": 100.0,
        "talk_s": None,
        "from_number": "56223456769",
        "from_e164": "+56223456769",
        "disposition": "no_answer",
        "disposition_raw": "No Conectada",
        "attributes": {
            "enqueued": False,
            "duration_customer": "80",
            "additionals": {"Nombre": "Jorge Tapia", "Rut": "11.111.111-1"},
        },
    }
    assert rows(found) == {"calls": [common | connected, common | unconnected]}
    assert (found.rejects, found.new_fields) == ([], frozenset())
    assert found.is_open is not None
    assert found.is_open.tolist() == [False, False]


@pytest.mark.parametrize(
    ("status", "enqueued", "disposition", "is_final"),
    [
        ("Conectada", False, "answered", True),
        ("Conectada", True, "answered", True),
        ("No Conectada", False, "no_answer", True),
        ("No Conectada", True, "no_answer", False),
        ("No Conectada", None, "no_answer", False),
        ("Intentos terminados", False, "no_answer", True),
        ("SPAM", False, "blocked", True),
        ("Fuera de horario", False, "out_of_hours", False),
        ("En cola", True, "queued", False),
        ("Por ejecutar", True, "queued", False),
        ("En ejecución", False, "in_progress", False),
        ("Desconocida", False, "unknown", False),
        ("CONECTADA ", False, "answered", True),
        ("no conectada", False, "no_answer", True),
    ],
)
def test_a_status_says_what_became_of_a_request_and_whether_it_can_change(
    status: str, enqueued: bool | None, disposition: str, is_final: bool
) -> None:
    found = facts({"status": status, "enqueued": enqueued})
    (call,) = rows(found)["calls"]
    assert (call["disposition"], call["is_final"]) == (disposition, is_final)
    assert call["disposition_raw"] == status
    assert found.is_open is not None
    assert found.is_open.tolist() == [not is_final]


def test_a_status_that_the_document_does_not_list_is_told() -> None:
    assert facts({"status": "Desconocida"}).new_fields == {"status=Desconocida"}


@pytest.mark.parametrize(
    ("call_at", "instant", "day"),
    [
        ("2026/01/15 10:00:00 -0300", "2026-01-15T13:00:00+00:00", date(2026, 1, 15)),
        ("2026/07/15 10:00:00 -0400", "2026-07-15T14:00:00+00:00", date(2026, 7, 15)),
        # Clocks went back at midnight: an hour of 4 April came twice.
        ("2026/04/04 23:30:00 -0300", "2026-04-05T02:30:00+00:00", date(2026, 4, 4)),
        ("2026/04/04 23:30:00 -0400", "2026-04-05T03:30:00+00:00", date(2026, 4, 4)),
        ("2026/04/05 00:00:00 -0400", "2026-04-05T04:00:00+00:00", date(2026, 4, 5)),
    ],
)
def test_the_offset_is_read_not_assumed(call_at: str, instant: str, day: date) -> None:
    assert row(call_at=call_at)["started_at"] == instant
    assert business_day(datetime.fromisoformat(instant), ZONE) == day


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"uuid": None}, "uuid"),
        ({"call_at": "2019-04-02 10:05:03"}, "call_at"),
        ({"call_at": None}, "call_at"),
    ],
)
def test_a_request_without_key_or_start_is_rejected(change: dict[str, Any], field: str) -> None:
    assert [reject.field for reject in facts(change).rejects] == [field]


@pytest.mark.parametrize(
    ("change", "field", "reason", "column"),
    [
        ({"retry": "tres"}, "retry", "expected a whole number", "attempt_no"),
        ({"retry": 2**31}, "retry", "beyond 2147483647", "attempt_no"),
        ({"retry": "n/a"}, "retry", NO_VALUE, "attempt_no"),
        ({"duration_customer": "-1"}, "duration_customer", NO_VALUE, "talk_s"),
        ({"duration_company": "1:77"}, "duration_company", "expected a number", "duration_s"),
    ],
)
def test_a_value_that_cannot_be_read_costs_its_field(
    change: dict[str, Any], field: str, reason: str, column: str
) -> None:
    found = facts(change)
    assert found.rejects == []
    assert reason in found.faults[0][field]
    assert rows(found)["calls"][0][column] is None


@pytest.mark.parametrize("status", [None, "", ["Conectada"]])
def test_a_request_without_a_status_is_open_and_unknown(status: Any) -> None:
    found = facts({"status": status})
    assert list(found.faults[0]) == ["status"]
    call = rows(found)["calls"][0]
    assert (call["disposition"], call["is_final"], call["talk_s"]) == ("unknown", False, None)


def test_whether_a_request_is_queued_is_open_where_it_cannot_be_read() -> None:
    found = facts({"status": "No Conectada", "enqueued": "quizás"})
    assert found.faults == {0: {"enqueued": "expected true or false"}}
    assert not rows(found)["calls"][0]["is_final"]


def test_a_duration_may_be_a_clock() -> None:
    assert row(duration_company="1:57", duration_customer="00:01:35")["talk_s"] == 95
    assert row(duration_company="1:57")["duration_s"] == 117


def test_what_is_not_said_is_missing() -> None:
    found = row(
        retry="", duration_company=None, duration_customer="", caller_number="", popup_name=""
    )
    for name in ("attempt_no", "duration_s", "talk_s", "to_number", "to_e164", "queue_name"):
        assert found[name] is None


def test_a_new_field_is_kept_and_told() -> None:
    found = facts({"agent": "Ana"})
    assert rows(found)["calls"][0]["attributes"]["agent"] == "Ana"
    assert found.new_fields == {"agent"}


def test_a_request_is_one_record_wherever_its_day() -> None:
    moved = CALLS[0] | {"call_at": "2019/04/03 09:00:00 -0300"}
    assert STREAM.key(CALLS[0]) == STREAM.key(moved) == "a93460bbf8402e15b9b0afddc05d5e8d"


def test_a_day_is_one_request(read: Read, asked: Any) -> None:
    (page,) = read()
    assert page.records == CALLS
    assert page.total is None
    assert asked() == [{"date": "2019-04-02"}]


@pytest.mark.parametrize("day", [date(2026, 4, 4), date(2025, 9, 7)], ids=["25 hours", "23 hours"])
def test_a_day_of_odd_length_is_asked_by_its_name(read: Read, asked: Any, day: date) -> None:
    window = Window.of_days((day,), ZONE, AFTERWARDS)
    assert window.end - window.start != timedelta(hours=24)
    read(window)
    assert asked() == [{"date": day.isoformat()}]


def test_a_day_without_calls_is_204(read: Read, vendors: StandIn) -> None:
    (page,) = read(Window.of_days((date(2019, 4, 3),), ZONE, AFTERWARDS))
    assert page.records == []
    assert vendors.requests[-1].status == 204


def test_each_popup_is_asked_for_by_itself(read: Read, asked: Any) -> None:
    options = ClickfonoOptions.model_validate({"popup_uuids": [POPUP.upper(), OTHER_POPUP]})
    pages = read(options=options)
    assert [len(page.records) for page in pages] == [2, 0]
    assert asked() == [
        {"date": "2019-04-02", "popup_uuid": POPUP},
        {"date": "2019-04-02", "popup_uuid": OTHER_POPUP},
    ]


@pytest.mark.parametrize("ignored", ["date", "popup_uuid"])
def test_a_filter_that_was_ignored_is_noticed(
    read: Read, vendors: StandIn, tenant: Tenant, ignored: str
) -> None:
    vendors.clock.set(datetime(2019, 4, 2, 18, tzinfo=UTC))  # without `date`, "today" comes
    day, popup = (date(2019, 4, 1), POPUP) if ignored == "date" else (DAY, OTHER_POPUP)
    tenant.arm(Fault.query(**{ignored: None}))
    pages: list[Page] = []
    with pytest.raises(ContractError, match=f"ignored `{ignored}`"):
        read(
            Window.of_days((day,), ZONE, AFTERWARDS),
            pages,
            options=ClickfonoOptions.model_validate({"popup_uuids": [popup]}),
        )
    assert len(pages[0].records) == 2  # they are records all the same: kept


def test_a_zone_that_is_not_the_vendors_is_noticed(read: Read, tenant: Tenant) -> None:
    tenant.put([CALLS[0] | {"call_at": "2019/04/02 00:30:00 -0300"}])
    bogota = ZoneInfo("America/Bogota")
    with pytest.raises(ContractError, match="timezone isn't its own"):
        read(Window.of_days((DAY,), bogota, AFTERWARDS), timezone=bogota)


@pytest.mark.parametrize("call_at", [None, 5, "", "soon", "0001/01/01 00:00:00 +0000"])
def test_a_record_without_a_readable_time_is_handed_on(
    read: Read, tenant: Tenant, call_at: Any
) -> None:
    tenant.arm(Fault.field("call_at", call_at))
    (page,) = read()
    assert next(iter(page.records))["call_at"] == call_at


def test_a_wrong_token_is_permanent(read: Read, tenant: Tenant) -> None:
    tenant.token = "another"
    with pytest.raises(PermanentError, match="401"):
        read(credentials=account("clickfono").credentials)


def test_404_on_a_list_is_an_error(read: Read, vendors: StandIn, tenant: Tenant) -> None:
    with pytest.raises(ContractError, match="204"):
        read(base_url=f"{vendors.url(tenant)}/elsewhere")


@pytest.mark.usefixtures("once")
def test_a_day_that_is_too_large_is_not_asked_for_in_parts(
    read: Read, vendors: StandIn, tenant: Tenant
) -> None:
    limits = account("clickfono").limits.model_copy(update={"max_bytes": 100})
    with pytest.raises(TransientError, match="a day can't be split"):
        read(limits=limits)
    assert len(vendors.requests) == 1


def test_open_days_are_read_for_a_week() -> None:
    assert (STREAM.live, STREAM.until_final) == ("day", True)
    assert STREAM.settle == timedelta(days=7)
    assert discover()["clickfono"].limits.max_window_days == 1


@pytest.fixture(autouse=True)
def _real_time(vendors: StandIn) -> Iterator[None]:
    """The clock is everybody's: a test that set it gives it back."""
    yield
    vendors.clock.run()
