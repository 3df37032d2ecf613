"""Conpeek as `Read CDR Dialog` describes it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from resources.errors import ContractError, PermanentError
from resources.standin import Fault, StandIn, Tenant
from resources.vendor_api.vendor import Facts, Page
from resources.vendors import discover
from resources.vendors.conpeek import ConpeekOptions
from resources.windows import Window
from sql.vocabulary import Tells
from tests.unit.helpers import Grants, account, account_of, client, rows, sample

ZONE = ZoneInfo("Europe/Warsaw")
DAY = date(2026, 3, 10)
AFTERWARDS = datetime(2026, 7, 1, tzinfo=UTC)
WINDOW = Window.of_days((DAY,), ZONE, AFTERWARDS)
DIALOGS: list[dict[str, Any]] = sample("conpeek/cdr_dialog.200.sample.json")["data"]
STREAM: Any = discover()["conpeek"].stream("dialogs")
OF_THE_DAY = [
    {"property": "start_time", "operator": "gte", "value": "2026-03-09 23:00:00"},
    {"property": "start_time", "operator": "lt", "value": "2026-03-10 23:00:00"},
]

Read = Callable[..., list[Page]]


def facts(*changes: dict[str, Any]) -> Facts:
    """The sample's first dialog, changed in as many ways."""
    found: Facts = STREAM.normalise([DIALOGS[0] | c for c in changes], account("conpeek"))
    return found


def dialog(number: int, **changes: Any) -> dict[str, Any]:
    return DIALOGS[0] | {"dialog_uuid": f"test-{number}"} | changes


@pytest.fixture
def tenant(vendors: StandIn) -> Tenant:
    return vendors.tenant("conpeek", "test-pl")


@pytest.fixture
def grants() -> Grants:
    return Grants()


@pytest.fixture
def read(vendors: StandIn, tenant: Tenant, grants: Grants) -> Read:
    """Reads a window; `pages` fills up even if the read ends with an error."""

    def read(
        window: Window = WINDOW, pages: list[Page] | None = None, **changes: Any
    ) -> list[Page]:
        pages = [] if pages is None else pages
        with client(account_of(vendors, tenant, **changes), "dialogs", grants) as conpeek:
            pages.extend(STREAM.read(conpeek, window))
        return pages

    return read


def asked(grants: Grants) -> list[dict[str, Any]]:
    queries = [dict(parse_qsl(urlsplit(outcome.url or "").query)) for outcome in grants.outcomes]
    return [query | {"filter": json.loads(query["filter"])} for query in queries]


def test_the_sample_means_what_a_careful_reader_expects() -> None:
    found: Facts = STREAM.normalise(DIALOGS, account("conpeek"))
    assert (found.rejects, found.new_fields) == ([], frozenset())
    legs, calls = rows(found)["call_legs"], rows(found)["calls"]
    assert len(legs) == len(DIALOGS)
    assert len(calls) == sum(d["dialog_type"] == "EXTERNAL" for d in DIALOGS)
    common = {
        "direction": "inbound",
        "started_at": "2026-03-10T09:00:00+00:00",
        "ended_at": "2026-03-10T09:02:14+00:00",
        "duration_s": 134.0,
        "talk_s": 120.0,
        "wait_s": 14.0,
        "from_number": "48505550100",
        "to_number": "48225550000",
        "from_e164": "+48505550100",
        "to_e164": "+48225550000",
        "end_reason": "DIALOG_LEFT",
    }
    assert calls[0].items() >= (common | {"grain": "call", "disposition": "answered"}).items()
    assert legs[0].items() >= (common | {"leg_type": "EXTERNAL"}).items()
    assert legs[0]["answered_at"] == "2026-03-10T09:00:14+00:00"
    assert (legs[1]["leg_type"], legs[1]["talk_s"], legs[1]["answered_at"]) == (
        "CONSULTANT",
        0.0,
        None,
    )


@pytest.mark.parametrize(
    ("changes", "disposition", "is_final"),
    [
        ({"talking_time": 1}, "answered", True),
        ({"talking_time": 0}, "abandoned", True),
        ({"talking_time": 0, "business_direction": "OUTBOUND"}, "no_answer", True),
        ({"talking_time": 5000, "machine_detected": 1}, "machine", True),
        ({"talking_time": 0, "business_direction": "SIDEWAYS"}, "unknown", True),
        ({"hangup_time": None}, "in_progress", False),
    ],
)
def test_how_a_call_ended(changes: dict[str, Any], disposition: str, is_final: bool) -> None:
    ((call,), _) = rows(facts(changes))["calls"], None
    assert (call["disposition"], call["is_final"]) == (disposition, is_final)


@pytest.mark.parametrize(
    ("changes", "disposition"),
    [
        ({"talking_time": "much", "serve_time": None}, "unknown"),
        ({"talking_time": "much"}, "answered"),  # it was served
        ({"talking_time": -1, "serve_time": None}, "abandoned"),
        ({"talking_time": None}, "answered"),
        ({"talking_time": 0, "serve_time": "0000-00-00 00:00:00"}, "abandoned"),
        ({"talking_time": 0, "machine_detected": "unknown"}, "abandoned"),
        ({"hangup_time": "0000-00-00 00:00:00"}, "in_progress"),
        ({"hangup_time": "late"}, "answered"),
    ],
)
def test_what_cannot_be_read_is_never_an_outcome(changes: dict[str, Any], disposition: str) -> None:
    found = facts(changes)
    assert found.rejects == []
    assert rows(found)["calls"][0]["disposition"] == disposition


def test_a_direction_that_nobody_listed_is_told() -> None:
    assert facts({"business_direction": "SIDEWAYS"}).new_fields == {"business_direction=SIDEWAYS"}


@pytest.mark.parametrize("kind", ["External", "external", "EXTERNAL "])
def test_a_type_is_the_same_however_it_is_spelt(kind: str) -> None:
    found = facts({"dialog_type": kind})
    assert [row["leg_type"] for row in rows(found)["call_legs"]] == ["EXTERNAL"]
    assert len(rows(found)["calls"]) == 1
    assert found.new_fields == frozenset()


def test_a_type_that_the_document_does_not_list_is_a_leg_and_told() -> None:
    found = facts({"dialog_type": "PHONE"})
    assert [row["leg_type"] for row in rows(found)["call_legs"]] == ["PHONE"]
    assert rows(found)["calls"] == []
    assert found.new_fields == {"dialog_type=PHONE"}


def test_an_end_before_the_start_is_none_and_noted() -> None:
    found = facts({"hangup_time": "2026-03-10 08:59:59"})
    for row in (*rows(found)["call_legs"], *rows(found)["calls"]):
        assert (row["ended_at"], row["duration_s"]) == (None, None)
    assert rows(found)["calls"][0]["is_final"]
    assert found.faults == {0: {"hangup_time": "the end is before the start"}}


def test_a_field_that_nobody_has_seen_is_kept_and_told() -> None:
    found = facts({"project_id": 7})
    assert found.new_fields == {"project_id"}
    assert rows(found)["call_legs"][0]["attributes"]["project_id"] == 7


def test_a_day_is_asked_for_by_start_in_utc(read: Read, tenant: Tenant, grants: Grants) -> None:
    tenant.put(DIALOGS)
    page, last = read()
    inside = [d for d in DIALOGS if "2026-03-09 23" <= d["start_time"] < "2026-03-10 23"]
    assert (page.records, last.records) == (inside, [])
    assert asked(grants) == [
        {"limit": "500", "offset": offset, "filter": OF_THE_DAY}
        for offset in ("0", str(len(inside)))
    ]


def test_reading_on_is_by_hang_up(read: Read, tenant: Tenant, grants: Grants) -> None:
    tenant.put(DIALOGS)
    start = datetime(2026, 3, 10, 9, 2, tzinfo=UTC)
    page, _ = read(Window(start, start + timedelta(minutes=5), ZONE))
    assert {record["hangup_time"] for record in page.records} == {"2026-03-10 09:02:14"}
    assert asked(grants)[0]["filter"] == [
        {"property": "hangup_time", "operator": "gte", "value": "2026-03-10 09:02:00"},
        {"property": "hangup_time", "operator": "lt", "value": "2026-03-10 09:07:00"},
    ]


@pytest.mark.parametrize(("size", "offsets"), [
    (0, [0]), (1, [0, 1]), (500, [0, 499]), (1000, [0, 499, 998, 1000]),
])  # fmt: skip
def test_pages_go_on_until_the_last_row(
    read: Read, tenant: Tenant, grants: Grants, size: int, offsets: list[int]
) -> None:
    """A short page may be one that rows were deleted of, or all that the server gives at once. One
    after a full page begins with its last row.
    """
    tenant.put([dialog(n) for n in range(size)])
    came = [record["dialog_uuid"] for page in read() for record in page.records]
    assert len(set(came)) == size
    assert [int(query["offset"]) for query in asked(grants)] == offsets


def test_every_filter_of_the_document_narrows_an_account(read: Read, grants: Grants) -> None:
    options = ConpeekOptions.model_validate(
        {
            "project_ids": [1, 2],
            "tenant_user_ids": [3],
            "custom_tag_ids": [4],
            "operator_call_ids": ["five"],
            "call_request_agent_ids": ["six"],
            "numbers": ["48225550000"],
            "dialog_types": ["EXTERNAL", "CONSULTANT"],
            "business_direction": "INBOUND",
            "min_talking_time_s": 1.5,
        }
    )
    read(options=options)
    (query,) = asked(grants)
    assert query["filter"][2:] == [
        {"property": "project_id_list", "value": [1, 2]},
        {"property": "tenant_user_id_list", "value": [3]},
        {"property": "custom_tag_id_list", "value": [4]},
        {"property": "operator_call_id_list", "value": ["five"]},
        {"property": "call_request_agent_id_list", "value": ["six"]},
        {"property": "number_list", "value": ["48225550000"]},
        {"property": "dialog_type_list", "value": ["EXTERNAL", "CONSULTANT"]},
        {"property": "business_direction", "value": "INBOUND"},
        {"property": "talking_time", "operator": "gte", "value": 1500},
    ]


def test_a_type_that_the_document_does_not_list_is_refused() -> None:
    for kind in ("CONSULTANT", "TENANT_USER", "EXTERNAL", "BOT", "SCREENSHARE_DIALOG", "SYSTEM",
                 "UNBOUND_DIALOG"):  # fmt: skip
        assert ConpeekOptions.model_validate({"dialog_types": [kind]}).dialog_types == (kind,)
    with pytest.raises(ValidationError):
        ConpeekOptions.model_validate({"dialog_types": ["PIGEON"]})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, True),
        ({"project_ids": [1], "numbers": ["48225550000"], "business_direction": "INBOUND"}, True),
        ({"min_talking_time_s": 1}, False),
        ({"tenant_user_ids": [3]}, False),
        ({"custom_tag_ids": [4]}, False),
    ],
)
def test_lost_calls_are_told_unless_options_leave_them_out(
    options: dict[str, Any], told: bool
) -> None:
    narrowed = account("conpeek", options=ConpeekOptions.model_validate(options))
    assert (Tells.ABANDONED in discover()["conpeek"].told(narrowed)) == told


def test_the_filter_is_encoded_whole(read: Read, tenant: Tenant, grants: Grants) -> None:
    tenant.put([dialog(1, from_display_target="+48&22#5+1")])
    options = ConpeekOptions.model_validate({"numbers": ["+48&22#5+1"]})
    page, _ = read(options=options)
    assert len(page.records) == 1
    assert "#" not in str(grants.outcomes[0].url)


def test_a_path_of_the_base_url_is_kept(read: Read, vendors: StandIn, tenant: Tenant) -> None:
    read(base_url=f"{vendors.url(tenant)}/")
    assert vendors.requests[-1].path.startswith("cdr_dialog?")


def test_the_key_travels_without_bearer(read: Read, tenant: Tenant) -> None:
    tenant.token = "another"
    with pytest.raises(PermanentError, match="401"):
        read(credentials=account("conpeek").credentials)


def test_a_filter_that_was_ignored_is_noticed(read: Read, tenant: Tenant) -> None:
    tenant.put(DIALOGS)
    tenant.arm(Fault.query(filter=None))
    pages: list[Page] = []
    with pytest.raises(ContractError, match="ignored the filter"):
        read(Window.of_days((date(2026, 3, 9),), ZONE, AFTERWARDS), pages)
    assert len(pages[0].records) == len(DIALOGS)  # they are records all the same: kept
