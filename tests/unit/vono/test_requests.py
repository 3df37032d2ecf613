"""What Vono is asked, and what its answers mean."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from resources.errors import (
    ContractError,
    CutShortError,
    DoubtfulRefusalError,
    FailedAnswerError,
    PermanentError,
    ThrottledError,
    TransientError,
    VendorError,
    WindowTooLargeError,
)
from resources.standin import Fault, StandIn, Tenant
from resources.standin.answer import Answer
from resources.text.redact import MASK
from resources.vendor_api.vendor import Page
from resources.vendors.vono.client import VonoOptions
from resources.windows import Window
from tests.unit.helpers import Grants, account_of, client
from tests.unit.vono.conftest import (
    AFTERWARDS,
    DAY,
    KEY,
    TOKEN,
    WINDOW,
    ZONE,
    Read,
    asked,
    assert_hidden,
    recording,
    stream,
)


def test_a_day_is_read_from_its_first_second_to_its_last(
    read: Read, grants: Grants, vendors: StandIn
) -> None:
    pages = read()
    ids = [record["record_id"] for page in pages for record in page.records]
    assert sorted(ids) == list(range(250))
    assert [(len(page.records), page.total) for page in pages] == [
        (100, 250),
        (100, 250),
        (50, 250),
    ]
    assert asked(grants)[:-1] == [
        {
            "date_ini": "2020-03-14",
            "date_end": "2020-03-14",
            "time_ini": "00:00:00",
            "time_end": "23:59:59",
            "start": start,
            "limit": "100",
        }
        for start in ("0", "100", "200")
    ]
    assert vendors.breaches == []


def test_a_live_window_over_midnight_asks_for_each_day_by_itself(
    read: Read, grants: Grants
) -> None:
    border = WINDOW.end
    window = Window(border - timedelta(minutes=10), border + timedelta(minutes=20), ZONE)
    pages = read(window)
    assert [
        (a["date_ini"], a["time_ini"], a["date_end"], a["time_end"]) for a in asked(grants)
    ] == [
        ("2020-03-14", "23:50:00", "2020-03-14", "23:59:59"),
        ("2020-03-15", "00:00:00", "2020-03-15", "00:19:59"),
    ]
    assert [record["record_id"] for record in pages[1].records] == [999]
    assert [page.total for page in pages] == [None, None]


@pytest.mark.parametrize(
    ("day", "first"),
    [(date(2018, 11, 4), "01:00:00"), (date(2018, 2, 17), "00:00:00")],
    ids=["23 hours", "25 hours"],
)
def test_a_day_on_which_clocks_change_is_one_question(
    read: Read, grants: Grants, tenant: Tenant, day: date, first: str
) -> None:
    tenant.clear()
    read(Window.of_days((day,), ZONE, AFTERWARDS))
    question, last_second = asked(grants)
    assert (question["time_ini"], question["time_end"]) == (first, "23:59:59")
    assert question["date_ini"] == question["date_end"] == day.isoformat()
    assert (last_second["time_ini"], last_second["time_end"]) == ("23:59:59", "00:00:00")
    assert last_second["date_end"] == (day + timedelta(days=1)).isoformat()


def test_a_last_second_that_cannot_be_asked_for_now_is_not_taken_for_empty(
    read: Read, tenant: Tenant
) -> None:
    tenant.arm(Fault.status(429), times=99, when=lambda ask: ask.query["time_ini"] == "23:59:59")
    with pytest.raises(ThrottledError):
        read(Window.of_days((DAY,), ZONE, AFTERWARDS))
    tenant.disarm()
    tenant.arm(Fault.status(400), times=99, when=lambda ask: ask.query["time_ini"] == "23:59:59")
    read(Window.of_days((DAY,), ZONE, AFTERWARDS))


def test_a_subscriber_narrows_the_path(
    read: Read, tenant: Tenant, grants: Grants, vendors: StandIn
) -> None:
    tenant.put([recording(1, datetime.combine(DAY, time(12)), customer_id=8)])
    [page] = read(options=VonoOptions(subscriber=8))
    assert [record["record_id"] for record in page.records] == [1]
    assert vendors.requests[-1].path.startswith("api/recording/TOKEN/KEY/8?")
    with pytest.raises(ValidationError):
        VonoOptions.model_validate({"subscriber": "eight"})


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.query(date_ini="2020-03-13"), "the vendor ignored the dates"),
        (Fault.query(time_end=None, date_end="2020-03-15"), "the vendor ignored the dates"),
        (Fault.query(start="100"), "asked for start=0, the vendor began at 100"),
    ],
)
def test_an_answer_to_another_question_fails_the_window_after_its_page(
    tenant: Tenant, vendors: StandIn, fault: Fault, message: str
) -> None:
    tenant.arm(fault, times=9)
    read: list[Page] = []
    with (
        client(account_of(vendors, tenant)) as vono,
        pytest.raises(ContractError, match=message),
    ):
        read.extend(stream().read(vono, WINDOW))
    assert read


def test_a_total_that_is_too_large_ends_with_an_empty_page(tenant: Tenant, read: Read) -> None:
    tenant.arm(Fault.total(10**12), times=99)
    assert [len(page.records) for page in read()] == [100, 100, 50, 0]


def says(total_time: Any) -> Fault:
    """The vendor says another time of all recordings together (it is 250 times 68 s)."""

    def spoil(answer: Answer) -> None:
        assert isinstance(answer.payload, dict)
        answer.payload["total_time"] = total_time

    return Fault("total_time", spoil)


def test_durations_add_up_to_the_vendors_sum(tenant: Tenant, vendors: StandIn) -> None:
    tenant.arm(says(17_001), times=9)
    read: list[Page] = []
    with (
        client(account_of(vendors, tenant)) as vono,
        pytest.raises(ContractError, match=r"counts 17,001 s in 250 .* are 17,000 s together"),
    ):
        read.extend(stream().read(vono, WINDOW))
    assert [len(page.records) for page in read] == [100, 100, 50]


@pytest.mark.parametrize("duration", ["68", 68.0, "01:08"])
def test_durations_in_another_form_add_up_too(tenant: Tenant, read: Read, duration: Any) -> None:
    tenant.arm(Fault.field("duration", duration), times=9)
    tenant.arm(says("17000"), times=9)
    assert len(read()) == 3
    tenant.arm(says("17001"), times=9)
    with pytest.raises(ContractError, match="counts 17,001 s"):
        read()


def test_a_dot_that_the_vendors_sum_contradicts_is_noticed(tenant: Tenant, read: Read) -> None:
    """It parts thousands: 1.068 are 1,068 seconds."""
    tenant.arm(Fault.field("duration", "1.068"), times=9)
    tenant.arm(says(17_000 + 3 * 1000), times=9)
    with pytest.raises(ContractError, match="counts 20,000 s"):
        read()


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (says(None), 9),
        (says("17.001"), 9),
        (says([1]), 9),
        (says(17_001), 1),  # it moves while it is read
        (Fault.field("duration", "?"), 9),  # a broken recording is the mapping's to reject
        (Fault.field("duration", 2**63), 9),
        (Fault.array_record(), 9),
        (Fault.repeat(), 9),
    ],
)
def test_a_sum_that_cannot_be_compared_fails_nothing(
    tenant: Tenant, read: Read, fault: Fault, times: int
) -> None:
    tenant.arm(fault, times=times)
    assert len(read()) == 3


def test_a_sum_of_more_recordings_than_came_fails_nothing(tenant: Tenant, read: Read) -> None:
    """The loader counts them."""
    tenant.arm(Fault.short(), times=9)
    assert [len(page.records) for page in read()][:4] == [99, 99, 51, 0]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.total(None), ContractError),
        (Fault.html(), FailedAnswerError),
        (Fault.body(b'{"error": 0, "data": []}'), ContractError),
        (Fault.body(b'{"error": 1, "reason": "Data invalida"}'), ContractError),
        (Fault.body('{"error": 1, "reason": "Token ou chave inválida"}'.encode()), PermanentError),
        (Fault.body(b'{"error": 1, "reason": "Erro interno: tente novamente"}'), TransientError),
        (Fault.body('{"error": 1, "reason": "Muitas requisições"}'.encode()), ThrottledError),
        (Fault.status(400), ContractError),
        (Fault.status(403), DoubtfulRefusalError),
        (Fault.status(404), ContractError),
        (Fault.status(413), WindowTooLargeError),
        (Fault.status(422), ContractError),
        (Fault.status(429, "7"), ThrottledError),
        (Fault.status(500), TransientError),
        (Fault.reset(), TransientError),
        (Fault.half_body(), CutShortError),
        (Fault.redirect("https://elsewhere.example/"), ContractError),
    ],
)
@pytest.mark.usefixtures("once")
def test_no_error_shows_the_credentials(
    tenant: Tenant, read: Read, grants: Grants, fault: Fault, error: type[VendorError]
) -> None:
    tenant.arm(fault)
    with pytest.raises(error) as caught:
        read()
    assert type(caught.value) is error
    assert_hidden(caught.value, grants)


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    "more", [{"total_records": 0, "data": []}, {"data": None}, {}], ids=["data", "null", "alone"]
)
@pytest.mark.parametrize("reason", ["Nenhum registro encontrado", "Nenhuma gravação"])
def test_an_error_that_says_that_there_is_nothing_is_an_empty_day(
    tenant: Tenant, read: Read, reason: str, more: dict[str, Any], status: int
) -> None:
    tenant.arm(Fault.status(status, payload={"error": 1, "reason": reason, **more}))
    page = read()[0]
    assert (page.records, page.total) == ([], 0)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("status", [200, 400, 403])
@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("Requisição inválida: token não encontrado", PermanentError),
        ("Nenhum token encontrado", PermanentError),
        ("Requisições demais", ThrottledError),
        ("Excesso de requisições", ThrottledError),
        ("Erro interno, tente novamente", TransientError),
    ],
)
def test_a_reason_means_the_same_with_any_status(
    tenant: Tenant, read: Read, reason: str, error: type[VendorError], status: int
) -> None:
    tenant.arm(Fault.status(status, payload={"error": 1, "reason": reason}))
    with pytest.raises(error, match=reason) as caught:
        read()
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "body",
    [
        {"error": 1, "reason": "Requisição inválida: data"},
        {"error": 1, "reason": "Nenhum registro encontrado", "data": [{"record_id": 1}]},
        {"error": 0, "reason": "Nenhum registro encontrado"},
        {"error": "Nenhum registro encontrado", "data": []},
    ],
)
def test_what_is_no_plain_word_for_nothing_is_an_error(
    tenant: Tenant, read: Read, body: dict[str, Any]
) -> None:
    tenant.arm(Fault.status(200, payload=body))
    with pytest.raises(ContractError):
        read()


@pytest.mark.usefixtures("once")
def test_what_echoes_the_credentials_is_masked(tenant: Tenant, read: Read, grants: Grants) -> None:
    text = f"<p>Cannot GET /api/recording/{TOKEN}/{KEY}</p>"
    reason = f'{{"error": 1, "reason": "nada em /{TOKEN}/{KEY}"}}'
    for body in (text, reason):
        tenant.arm(Fault.body(body.encode()))
        with pytest.raises(ContractError) as caught:
            read()
        assert_hidden(caught.value, grants)
        assert MASK in f"{caught.value}{caught.value.body!r}"
