"""Broken: the good ones load, the bad ones are told with field and reason, and healing heals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest

from resources.account import Account
from resources.standin import Fault
from resources.vendor_api.vendor import Facts, Record
from tests.loading.conftest import DAY, NOON, STREAMS, Open, Scene
from tests.loading.lists import EVERY, RECORDS

EVENING = NOON + timedelta(hours=20)


def good_keys(here: Scene) -> list[str]:
    """Keys of facts."""
    return [row[0] for row in here.query(
        "SELECT record_key FROM raw.heads WHERE account = :account AND NOT rejected ORDER BY 1"
    )]  # fmt: skip


def spoiled(here: Scene, change: Callable[[Record], Any]) -> Fault:
    """The first record of an answer, changed."""

    def spoil(rows: list[Any]) -> None:
        if rows:
            rows[0] = change(rows[0])

    return Fault.rows(spoil)


BROKEN: dict[str, tuple[Callable[[Record], Any], str]] = {
    "a record that is an array": (lambda row: list(row.values()), "isn't an object"),
    "a record that is a text": (lambda _: "row", "isn't an object"),
    "a record without a key": (lambda _: {"unheard_of": 1}, "has no key"),
    "a number without end": (lambda row: row | {"unheard_of": "7" * 5001}, "4,300 digits"),
}


@pytest.mark.parametrize("vendor", EVERY)
@pytest.mark.parametrize("how", BROKEN)
def test_one_bad_record_is_told_and_heals_at_the_next_run(
    scene: Open, vendor: str, how: str
) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    change, reason = BROKEN[how]
    here.tenant.arm(spoiled(here, change))
    here.backfill()
    assert len(good_keys(here)) == 1
    ((_, _, told),) = here.rejects()
    assert reason in told
    assert here.day().state == "failed"
    assert "ops.rejects" in here.day().note

    here.poll()
    assert len(good_keys(here)) == 2
    assert here.rejects() == []
    assert here.day().state in ("complete", "settling")


@pytest.mark.parametrize("vendor", RECORDS)
def test_a_record_without_its_start_is_told_and_heals(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    starts = {"conpeek": "start_time", "clickfono": "call_at", "evolux": "start_time"}
    field = starts.get(vendor, "calldate")
    here.tenant.arm(spoiled(here, lambda row: row | {field: "yesterday"}))
    here.backfill()
    ((_, told, _),) = here.rejects()
    assert told == field
    assert here.day().state == "failed"
    here.backfill()
    assert here.rejects() == []
    assert len(good_keys(here)) == 2


PASSING = [Fault.half_body(), Fault.reset(), Fault.latin1(), Fault.status(500)]
BODIES = {
    "HTML": Fault.html(),
    "half of the JSON": Fault.truncated_json(),
    "nesting without end": Fault.body(b"[" * 100_000 + b"]" * 100_000),
}


@pytest.mark.parametrize("vendor", EVERY)
@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_can_not_be_read_is_kept_until_one_can(
    scene: Open, vendor: str, what: str
) -> None:
    here = scene(vendor)
    here.put(here.thing(1))
    here.at(EVENING)
    here.tenant.arm(BODIES[what], 3)
    result = here.backfill()
    assert result.error
    assert "isn't JSON" in result.error
    assert here.day().state == "failed"
    kept = "SELECT field, jsonb_typeof(payload) FROM ops.rejects WHERE account = :account"
    here.backfill()
    assert here.query(kept) == [("body", "string")], "the newest one of the day, not all"
    here.backfill()
    here.backfill()
    assert here.rejects() == []
    assert len(good_keys(here)) == 1


@pytest.mark.parametrize("vendor", EVERY)
@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.name)
def test_what_is_broken_on_its_way_is_asked_for_again(
    scene: Open, vendor: str, fault: Fault
) -> None:
    here = scene(vendor)
    here.put(here.thing(1))
    here.at(EVENING)
    here.tenant.arm(fault)
    assert here.backfill().error is None
    assert len(good_keys(here)) == 1


@pytest.mark.parametrize("vendor", RECORDS)
def test_a_nul_is_kept_as_far_as_postgres_can(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1))
    here.at(EVENING)
    here.tenant.arm(spoiled(here, lambda row: row | {"unheard_of": "a\x00b"}))
    assert here.backfill().error is None
    found = here.query(
        "SELECT payload ->> 'unheard_of', attributes ->> 'unheard_of' FROM raw.records r "
        "JOIN facts.calls c ON c.call_id = r.record_key AND c.account = r.account "
        "WHERE r.account = :account"
    )
    assert found == [("a\N{REPLACEMENT CHARACTER}b",) * 2]


@pytest.mark.parametrize("vendor", RECORDS)
def test_a_field_nobody_has_seen_is_kept_and_told_once(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    here.tenant.arm(spoiled(here, lambda row: row | {"mood": "good"}), 2)
    assert here.backfill().loaded.new_fields == {"mood"}
    here.put(here.thing(1, value=50))
    assert here.backfill().loaded.new_fields == set()
    ((fields,),) = here.query("SELECT fields FROM ops.streams WHERE account = :account")
    assert fields.count("mood") == 1


@pytest.mark.parametrize("vendor", ["conpeek", "clickfono"])
def test_rows_outside_the_window_fail_it_and_are_in_their_own_day(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1))
    here.at(EVENING + timedelta(days=2))
    other = here.thing(2, minutes=24 * 60)
    here.tenant.arm(Fault.add(here.kind.show(other, here.kind.zone)))
    result = here.backfill()
    assert result.error
    assert "the vendor ignored" in result.error
    assert here.day().state == "failed"
    days = here.query("SELECT call_date, state FROM ops.days WHERE account = :account ORDER BY 1")
    assert len(days) == 2
    assert days[1][1] == "open", "it was never read whole"
    assert here.backfill().error is None


def test_a_record_of_long_before_the_account_s_start_makes_no_partition(scene: Open) -> None:
    here = scene("evolux")
    here.put(here.thing(1))
    here.at(EVENING)
    ancient = here.thing(2, start=NOON - timedelta(days=4000))
    here.tenant.arm(Fault.add(here.kind.show(ancient, here.kind.zone)))
    here.backfill()
    reason = "2014-03-30 is long before the account's start_date"
    assert ("2", "started_at", reason) in here.rejects()
    assert here.query("SELECT to_regclass('facts_partitions.calls_20140330')") == [(None,)]


def test_two_records_under_one_key_in_one_answer_are_both_kept(scene: Open) -> None:
    here = scene("wolkvox")
    here.put(here.thing(1))
    namesake = here.kind.show(here.thing(1, value=5), here.kind.zone)
    here.tenant.arm(Fault.add(namesake), 9)
    here.tenant.arm(Fault.total(2), 9)
    for _ in range(3):
        here.poll()
    assert here.facts("agent_name", "calls") == [("Agent 1", 11)]
    assert here.rejects() == [
        (None, "record", "another record of the same answer has the same key")
    ]
    assert len(here.versions()) == 1, "they don't take turns"
    assert here.day().state == "failed"


@pytest.mark.parametrize("stream", STREAMS)
def test_which_of_two_records_under_one_key_counts_does_not_depend_on_their_order(
    scene: Open, stream: str
) -> None:
    here = scene(stream)
    here.put(here.thing(1))
    here.at(EVENING + timedelta(days=4))
    namesake = here.kind.show(here.thing(1, value=5), here.kind.zone)
    orders = cycle([1, -1])

    def both(rows: list[Any]) -> None:
        if rows:
            rows[:] = [*rows, namesake][:: next(orders)]

    here.tenant.arm(Fault.rows(both), 99)
    if here.kind.tells_total:
        here.tenant.arm(Fault.total(2), 99)
    here.backfill()
    facts = here.facts("*")
    for _ in range(3):
        here.backfill()
    assert here.facts("*") == facts
    assert len(facts) == 1
    assert len(here.versions()) == 1, "they don't take turns"
    assert here.rejects() == [
        (None, "record", "another record of the same answer has the same key")
    ]
    assert (here.day().state, here.day().raw_records) == ("complete", 1)
    assert "1 record(s) came under another one's key" in here.day().note
    told = "SELECT split_part(why, '; ', 1) FROM marts.trust_by_day WHERE account = :account"
    assert here.query(f"{told} AND trust = 'wrong'") == [
        (f"{here.stream.name}: 1 of 2 records couldn't become facts",)
    ]


def test_records_under_one_key_do_not_hide_that_others_are_gone(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    namesake = here.kind.show(here.thing(1, value=5), here.kind.zone)
    here.tenant.arm(Fault.rows(lambda rows: rows.append(namesake) if rows else None), 99)
    here.backfill()
    here.remove(here.thing(2))
    here.backfill()
    assert here.facts("leg_id", "missing_since IS NOT NULL") == [("d-1", False), ("d-2", True)]


@pytest.mark.parametrize("error", [TypeError, RecursionError])
def test_a_record_on_which_the_mapping_itself_fails_stops_no_other(
    scene: Open, error: type[Exception]
) -> None:
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(5)))
    here.at(EVENING)
    good = here.stream

    def fragile(records: Sequence[Record], account: Account) -> Facts:
        if any(record["dialog_uuid"] == "d-3" for record in records):
            raise error
        return good.normalise(records, account)

    here.stream = replace(good, normalise=fragile)
    here.poll()
    assert here.rejects() == [(None, "record", f"the mapping fails on it ({error.__name__})")]
    assert [row[0] for row in here.facts("leg_id", "1")] == ["d-0", "d-1", "d-2", "d-4"]
    assert here.day().state == "failed"
    here.stream = good
    here.poll()
    assert here.rejects() == []
    assert here.day().facts == 5


def test_a_record_that_postgres_refuses_stops_no_other(scene: Open) -> None:
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(5)))
    here.at(EVENING)
    good = here.stream

    def careless(records: Sequence[Record], account: Account) -> Facts:
        facts = good.normalise(records, account)
        legs = facts.tables["call_legs"]
        at = [i for i in legs.index if records[i]["dialog_uuid"] == "d-3"]
        legs.loc[at, "leg_type"] = "before\x00after"
        return facts

    here.stream = replace(good, normalise=careless)
    here.poll()
    ((key, _, told),) = here.rejects()
    assert key is None
    assert told.startswith("Postgres refuses it")
    assert here.day().facts == 4
    here.stream = good
    here.poll()
    assert (here.rejects(), here.day().facts) == ([], 5)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "unkeyed"])
def test_rejects_that_stay_as_they_are_over_three_reads_let_their_day_settle(
    scene: Open, stream: str, keyed: bool
) -> None:
    here = scene(stream)
    here.put(here.thing(1), here.thing(2, broken=keyed))
    here.at(EVENING + timedelta(days=4))
    if not keyed:
        here.tenant.arm(spoiled(here, lambda row: list(row.values())), 99)
    states = []
    for _ in range(3):
        here.backfill()
        states.append(here.day().state)
    day = here.day()
    assert states == ["failed", "failed", "complete"]
    assert (day.raw_records, day.facts, day.rejects) == (1 + keyed, 1, int(keyed))
    assert day.note == "1 record(s) rejected, the same at 3 reads: see ops.rejects"
    assert day.next_read_at is None
    assert len(here.rejects()) == 1

    here.tenant.disarm()
    here.put(here.thing(2))
    here.backfill()
    if here.stream.replaces and keyed:
        assert here.day().state == "settling", "a report whose totals change may not be ready"
        here.later(days=1)
        here.backfill()
    day = here.day()
    assert (day.state, day.facts, day.note, here.rejects()) == ("complete", 2, None, [])


def test_rejects_that_change_keep_their_day_waiting(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(0))
    here.at(EVENING)
    for number in range(1, 5):
        here.put(here.thing(number, broken=True))
        here.backfill()
        assert here.day().state == "failed"
    here.backfill()
    here.backfill()
    here.confirm()
    assert here.day().state == "complete"


def test_a_corrected_mapping_heals_a_day_that_has_settled_with_rejects(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    good = here.stream

    def wrong(records: Sequence[Record], account: Account) -> Facts:
        return good.normalise([record | {"dialog_type": None} for record in records], account)

    here.stream = replace(good, normalise=wrong)
    for _ in range(3):
        here.backfill()
        here.later(hours=2)
    assert (here.day().state, here.day().rejects) == ("complete", 2)
    here.stream = good
    here.rebuild()
    assert (here.day().state, here.day().facts, here.rejects()) == ("settling", 2, [])
    here.poll()
    assert (here.day().state, here.day().note) == ("complete", None)


@pytest.mark.parametrize("stream", ["wolkvox.calls", "wolkvox.agent_usage"])
def test_old_days_with_rejects_leave_newer_ones_their_turn(scene: Open, stream: str) -> None:
    """One request in five minutes: what can't heal must not take every other one for ever."""
    here = scene(stream, DAY - timedelta(days=8))
    for number in range(9):
        here.put(here.thing(number, minutes=-24 * 60 * number, broken=True))
        here.put(here.thing(20 + number, minutes=-24 * 60 * number))
    here.at(EVENING + timedelta(days=4))
    for _ in range(60):
        here.poll()
        here.later(minutes=5)
    states = here.query(
        f"SELECT call_date, state FROM ops.days WHERE account = :account AND call_date <= '{DAY}'"
    )
    assert dict(states) == {DAY - timedelta(days=ago): "complete" for ago in range(9)}
    here.system.standin.requests.clear()
    here.poll()
    assert len(here.system.standin.requests) == 1


def test_a_day_with_rejects_is_read_again_at_growing_intervals(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(0))
    here.at(EVENING)
    reads = []
    for number in range(1, 5):
        here.put(here.thing(number, broken=True))  # there are always others
        here.poll()
        due = here.day().next_read_at
        reads.append(due - here.system.clock.now())
        here.at(max(due, here.system.clock.now()))
    assert reads == sorted(reads)
    assert reads[0] == timedelta(0), "the next run may find it mended"
    assert reads[1] < reads[2] < reads[3]


def test_a_broken_record_that_is_gone_keeps_no_day_from_being_complete(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1), here.thing(2, broken=True))
    here.at(EVENING)
    here.poll()
    here.remove(here.thing(2, broken=True))
    here.poll()
    here.confirm()
    day = here.day()
    assert (day.state, day.raw_records, day.facts, day.rejects) == ("complete", 2, 1, 1)
    assert day.note == "1 rejected record(s) are gone at the vendor"
    gone = "SELECT missing_records, missing_rejects FROM marts.completeness_by_day"
    assert here.query(f"{gone} WHERE account = :account AND call_date = '{DAY}'") == [(1, 1)]
