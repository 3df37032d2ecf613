"""What Evolux is asked for calls, and what of its answers is believed."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from resources.errors import ContractError, PermanentError, ThrottledError, VendorError
from resources.standin import Fault, StandIn, Tenant
from resources.vendor_api.vendor import Page
from tests.unit.evolux.conftest import (
    WINDOW,
    Read,
    call,
    stream,
)
from tests.unit.helpers import Grants, account_of, client


def test_pages_are_counted_up_over_a_closed_window_in_utc(
    tenant: Tenant, read: Read, grants: Grants, vendors: StandIn
) -> None:
    tenant.put([call(500, WINDOW.start - timedelta(seconds=1)), call(501, WINDOW.end)])
    tenant.put([call(502, WINDOW.end - timedelta(seconds=1))])
    pages = read()
    ids = [record["id"] for page in pages for record in page.records]
    assert sorted(ids) == [*range(120), 502]
    assert [(len(page.records), page.total) for page in pages] == [(50, 121), (50, 121), (21, 121)]
    asked = [parse_qs(urlsplit(outcome.url or "").query) for outcome in grants.outcomes]
    assert asked == [
        {
            "start_date": ["2020-01-12T03:00:00+00:00"],
            "end_date": ["2020-01-13T02:59:59.999999+00:00"],
            "page": [str(page)],
            "limit": ["50"],
        }
        for page in (1, 2, 3)
    ]
    assert [outcome.records for outcome in grants.outcomes] == [50, 50, 21]
    assert vendors.breaches == []


def test_an_empty_window_is_one_page_without_records(tenant: Tenant, read: Read) -> None:
    tenant.clear()
    [page] = read()
    assert (page.records, page.total) == ([], 0)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.query(start_date=None, end_date=None), "asked for start_date="),
        (Fault.query(end_date=None), "asked for end_date="),
        (Fault.query(page="2"), "asked for page=1, the vendor read 2"),
        (Fault.add(call(900, WINDOW.end + timedelta(seconds=1))), "the vendor ignored the dates"),
    ],
    ids=["no dates", "no end", "another page", "a row outside"],
)
def test_an_answer_to_another_question_fails_the_window_after_its_page(
    tenant: Tenant, vendors: StandIn, fault: Fault, message: str
) -> None:
    tenant.arm(fault)
    with client(account_of(vendors, tenant)) as evolux:
        pages = stream().read(evolux, WINDOW)
        assert isinstance(next(pages), Page)
        with pytest.raises(ContractError, match=message):
            next(pages)


def test_a_total_that_is_too_large_ends_with_an_empty_page(tenant: Tenant, read: Read) -> None:
    tenant.arm(Fault.total(10**12), times=99)
    pages = read()
    assert [len(page.records) for page in pages] == [50, 50, 20, 0]
    assert {page.total for page in pages} == {10**12}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.total(None), ContractError),
        (Fault.html(), ContractError),
        (Fault.body(b'{"data": []}'), ContractError),
        (Fault.body(b'{"meta": {"status": 200}, "data": {}}'), ContractError),
        (Fault.body(b'{"meta": {"status": 401}}'), PermanentError),
        (Fault.body(b'{"meta": {"status": 429}}'), ThrottledError),
        (Fault.status(401, payload={"meta": {"status": 401}}), PermanentError),
        (Fault.status(404, payload={"meta": {"status": 404}}), ContractError),
        (Fault.redirect("https://elsewhere.example/"), ContractError),
    ],
)
@pytest.mark.usefixtures("once")
def test_both_statuses_and_the_envelope_are_checked(
    tenant: Tenant, read: Read, fault: Fault, error: type[VendorError]
) -> None:
    tenant.arm(fault)
    with pytest.raises(error):
        read()


@pytest.mark.usefixtures("once")
def test_a_status_in_the_envelope_that_http_has_not_is_told_as_such(
    tenant: Tenant, read: Read
) -> None:
    tenant.arm(Fault.body(b'{"meta": {"status": 0}, "data": []}'))
    with pytest.raises(ContractError, match=r"no HTTP status in `meta\.status`"):
        read()


def test_an_array_among_the_calls_is_passed_on(tenant: Tenant, read: Read) -> None:
    tenant.arm(Fault.array_record())
    assert isinstance(next(iter(read()[0].records)), list)
