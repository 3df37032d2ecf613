"""Habits of a server, as a caller meets them, at each vendor that has pages."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from resources.standin import Quirk, StandIn, Tenant

TIMES = [f"2026-03-10 10:{minute:02}:00" for minute in range(10)]
RECORDS: dict[str, list[dict[str, Any]]] = {
    "conpeek": [{"dialog_uuid": str(n), "start_time": at} for n, at in enumerate(TIMES)],
    "evolux": [{"id": n, "start_time": f"{at}+00:00"} for n, at in enumerate(reversed(TIMES))],
    "vono": [{"record_id": n, "customer_id": 1, "calldate": at} for n, at in enumerate(TIMES)],
}
KEYS = {"conpeek": "dialog_uuid", "evolux": "id", "vono": "record_id"}
PATHS = {"conpeek": "cdr_dialog", "evolux": "api/v1/studio/calls", "vono": "api/recording/t/k"}
HEADERS = dict.fromkeys(("token", "authorization"), "t")


@pytest.fixture(params=RECORDS)
def tenant(standin: StandIn, http: httpx.Client, request: pytest.FixtureRequest) -> Tenant:
    tenant = standin.tenant(request.param, "demo", token="t", key="k", timezone="UTC")
    tenant.put(RECORDS[tenant.vendor])
    http.base_url = httpx.URL(standin.url(tenant))
    http.headers.update(HEADERS)
    return tenant


def get(http: httpx.Client, tenant: Tenant, page: int, limit: int = 4) -> httpx.Response:
    """A page of so many rows, counted from 0."""
    if tenant.vendor == "evolux":
        where = {"page": page + 1}
    else:
        where = {"offset" if tenant.vendor == "conpeek" else "start": page * limit}
    return http.get(PATHS[tenant.vendor], params={"limit": limit, **where})


def shown(http: httpx.Client, tenant: Tenant, page: int, limit: int = 4) -> list[int]:
    rows = get(http, tenant, page, limit).json()["data"]
    return [int(row[KEYS[tenant.vendor]]) for row in rows]


def total(http: httpx.Client, tenant: Tenant, page: int) -> int | None:
    answer = get(http, tenant, page).json()
    found: int | None = answer.get("pagination", {}).get("total", answer.get("total_records"))
    return found


def test_without_a_quirk_pages_are_what_was_asked_for(tenant: Tenant, http: httpx.Client) -> None:
    pages = [shown(http, tenant, page) for page in range(4)]
    assert pages == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], []]


def test_a_cap_below_what_is_asked_for(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.page_cap(3))
    assert shown(http, tenant, 0) == [0, 1, 2]
    assert shown(http, tenant, 0, limit=2) == [0, 1]


def test_where_a_page_begins_is_ignored(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.first_page_only())
    assert shown(http, tenant, 2) == [0, 1, 2, 3]


def test_the_last_page_again_and_again(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.last_page_again())
    assert [shown(http, tenant, page) for page in (1, 2, 3, 9)] == [[4, 5, 6, 7]] + 3 * [[8, 9]]


def test_the_last_page_says_which_one_it_is(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.last_page_again(says_so=True))
    told = get(http, tenant, 9).json()
    assert "page=3" in told["pagination"]["current_url"] if "pagination" in told else True
    assert told.get("offset", 8) == 8


def test_no_page_beyond_the_end(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.none_beyond())
    assert [get(http, tenant, page).status_code for page in range(4)] == [200, 200, 200, 404]


def test_deep_pages_are_refused(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.deep_pages_refused(8, status=416))
    assert [get(http, tenant, page).status_code for page in range(3)] == [200, 200, 416]


@pytest.mark.parametrize(
    ("make", "pages"),
    [
        (lambda: Quirk.empty_from(4, to=8), [[0, 1, 2, 3], [], [8, 9]]),
        (lambda: Quirk.empty_from(4), [[0, 1, 2, 3], [], []]),
        (Quirk.cached_page, [[0, 1, 2, 3], [0, 1, 2, 3], [8, 9]]),
        (Quirk.deleted_meanwhile, [[0, 1, 2, 3], [5, 6, 7, 8], [9]]),
        (lambda: Quirk.page_numbers(2), [[0, 1, 2, 3], [8, 9], []]),
    ],
    ids=["an empty page", "a depth", "a cache", "a deletion", "numbers"],
)
def test_pages_that_do_not_go_on(
    tenant: Tenant, http: httpx.Client, make: Callable[[], Quirk], pages: list[list[int]]
) -> None:
    tenant.behave(make())
    assert [shown(http, tenant, page) for page in range(3)] == pages


def test_pages_without_an_order_overlap(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.no_order())
    found = [row for page in range(3) for row in shown(http, tenant, page)]
    assert len(found) == 10 > len(set(found))


def test_totals_that_are_too_small(tenant: Tenant, http: httpx.Client) -> None:
    there_are = tenant.vendor != "conpeek"
    tenant.behave(Quirk.total_of_page())
    assert [total(http, tenant, page) for page in (0, 2)] == ([4, 2] if there_are else [None] * 2)
    tenant.behave(Quirk.total_capped(6))
    assert total(http, tenant, 0) == (6 if there_are else None)


def test_gaps_take_places_and_show_nothing(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.gaps(every=3))
    pages = [shown(http, tenant, page) for page in range(5)]
    assert pages == [[0, 1, 2], [3, 4, 5], [6, 7], [8, 9], []]


def test_rows_twice_are_counted_twice(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.rows_twice(every=2))
    assert shown(http, tenant, 0) == [0, 0, 1, 2]
    assert total(http, tenant, 0) == (None if tenant.vendor == "conpeek" else 15)


def test_nothing_found_is_an_error_that_says_so(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.nothing_found("sem registros"))
    assert shown(http, tenant, 0) == [0, 1, 2, 3]
    tenant.clear()
    assert get(http, tenant, 0).json() == {
        "error": 1,
        "reason": "sem registros",
        "total_records": 0,
        "data": [],
    }


def test_a_total_that_grows_from_page_to_page(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.growing_total())
    expected = [None] * 3 if tenant.vendor == "conpeek" else [10, 11, 12]
    assert [total(http, tenant, page) for page in range(3)] == expected


def test_what_a_document_does_not_say_is_written_in_many_ways(
    tenant: Tenant, http: httpx.Client
) -> None:
    (first, *_) = get(http, tenant, 0).json()["data"]
    tenant.put([first | {"length": 3723, "ended": None, "note": ""}])
    tenant.behave(
        Quirk.clocks("length"), Quirk.zero_dates("ended"), Quirk.nothing_as("note", "n/a")
    )
    rows = {row.get("length"): row for row in get(http, tenant, 0, 20).json()["data"]}
    row = rows["01:02:03"]
    assert (row["ended"], row["note"]) == ("0000-00-00 00:00:00", "n/a")
    tenant.disarm()
    assert 3723 in {row.get("length") for row in get(http, tenant, 0, 20).json()["data"]}


def test_quirks_add_up_and_are_given_up(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.page_cap(3), Quirk.rows_twice())
    assert shown(http, tenant, 0) == [0, 0, 1]
    tenant.disarm()
    assert shown(http, tenant, 0) == [0, 1, 2, 3]


def test_another_process_names_them(standin: StandIn, tenant: Tenant, http: httpx.Client) -> None:
    wish = {
        "vendor": tenant.vendor,
        "tenant": tenant.name,
        "quirks": [{"quirk": "page_cap", "with": {"size": 1}}],
    }
    answer = httpx.post(f"{standin.base_url}/_standin/quirks", json=wish)
    assert (answer.status_code, answer.json()) == (201, {"quirks": ["page_cap"]})
    assert shown(http, tenant, 0) == [0]


def test_the_command_line_names_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "resources.standin", "--state", str(tmp_path)]
    for quirk in ("page_cap:size=2", "deep_pages_refused:start=2"):
        command += ["--quirk", f"demo-vono:{quirk}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            base_url = process.stdout.readline().split()[1]
            secrets = "standin-token-of-demo-vono/standin-key-of-demo-vono"
            url = f"{base_url}/vono/demo-vono/api/recording/{secrets}"
            first, second = (httpx.get(url, params={"start": start}) for start in (0, 2))
        finally:
            process.kill()
    assert first.json()["limit"] == 2
    assert second.status_code == 400


def test_old_days_are_empty(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.forgets(days=1))
    assert len(shown(http, tenant, 0)) == 4, "a day has to be older"
    tenant.behave(Quirk.forgets(days=0))
    assert shown(http, tenant, 0) == []
    assert total(http, tenant, 0) in (0, None)


def test_a_part_of_a_day(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.part_only(3))
    assert shown(http, tenant, 0) == [0, 1, 2]
    assert shown(http, tenant, 1) == []
    assert total(http, tenant, 0) in (3, None)


def test_another_order_in_each_list(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.any_order())
    lists = [[*shown(http, tenant, 0), *shown(http, tenant, 1), *shown(http, tenant, 2)]
             for _ in range(3)]  # fmt: skip
    assert [sorted(one) for one in lists] == [list(range(10))] * 3, "of one list it is the same"
    assert lists[0] != lists[1] != lists[2]


def test_a_link_with_another_signature_in_each_answer(tenant: Tenant, http: httpx.Client) -> None:
    tenant.behave(Quirk.signed())
    links = {get(http, tenant, 0).json()["data"][0]["recording_url"] for _ in range(3)}
    assert len(links) == 3
