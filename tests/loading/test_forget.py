"""Somebody is forgotten: what is found of them before is nowhere after, whatever is done then."""

import gc
import itertools
import json
import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import sql.catalog
from assets.maintenance import expiry
from assets.privacy import forget
from assets.privacy.account import erase_account
from assets.privacy.forget import Person
from assets.privacy.texts import CLOSED, hide_in_tables
from assets.refresh import refresh_marts, stale_days
from resources.errors import CallhouseError
from resources.forgotten import Hasher
from resources.postgres.warehouse import Warehouse
from resources.vendors import discover
from tests.loading.conftest import DAY, Open
from tests.loading.forgetting import (
    NUMBERS,
    fetch_details,
    open_site,
    put_caller,
    searched,
    while_details_come,
)
from tests.loading.stream_scene import TASK
from tests.loading.tables import tables_of
from tests.model.system import System
from tests.privacy_site import site_of

NAMES = list(NUMBERS)

pytestmark = pytest.mark.usefixtures("nobody_is_forgotten")


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """All its tables are read."""
    return own_system


@pytest.mark.parametrize("name", NAMES)
def test_a_person_is_nowhere_after(scene: Open, name: str, tmp_path: Path) -> None:
    """In raw (two versions), facts, rejects, marts, ledgers and logs; and a re-read, a rebuild and
    a backfill bring nobody back.
    """
    field, number, spelling = NUMBERS[name]
    here = scene(name)
    here.put(here.thing(1), here.thing(2, minutes=5))
    put_caller(here, here.thing(3, minutes=10), field, spelling, note=f"call {number} back")
    here.later(days=30)
    assert here.backfill().error is None
    put_caller(here, here.thing(3, minutes=10, value=44), field, spelling)
    put_caller(here, here.thing(4, minutes=10, broken=True), field, number)
    here.backfill()
    assert len(here.versions()) == 5
    here.query(
        "INSERT INTO ops.requests (account, stream, report, backfill, requested_at, duration_s,"
        f" url) VALUES (:account, 'x', 'r', false, now(), 1, 'https://x.example/?n={number}')"
        " RETURNING id"
    )
    log = tmp_path / "logs" / "code.log"
    log.parent.mkdir()
    log.write_text(f"before {spelling} after\nanother line\n")
    refresh_marts(here.system.warehouse)
    before = searched(here, tmp_path, number)
    part = f"_{DAY:%Y%m%d}"
    assert {place.removesuffix(part).replace("_partitions.", ".") for place in before} >= {
        "raw.records", "ops.rejects", "ops.requests", f"facts.{here.kind.table}", "logs/code.log"
    }  # fmt: skip
    dry = forget.look_for(open_site(here, tmp_path), Person(number))
    assert dry["raw.records"] == 3
    assert dry["ops.requests"] == dry["files"] == 1
    assert searched(here, tmp_path, number) == before, "it only looked"

    erased = forget.forget_person(open_site(here, tmp_path), Person(number))
    assert (erased["raw.records"], erased["raw.heads"], erased["ops.rejects"]) == (3, 2, 1)
    assert searched(here, tmp_path, number) == {}
    assert log.read_text().endswith("after\nanother line\n")
    day = here.day()
    assert (day.raw_records, day.facts, day.rejects, day.suppressed) == (2, 2, 0, 2)
    assert here.unreconciled() == []
    for again in (here.backfill, here.rebuild, here.poll, here.backfill):
        again()
        assert searched(here, tmp_path, number) == {}
    assert (here.day().state, here.day().suppressed) == ("complete", 2)
    assert here.unreconciled() == []

    [(proof, ended)] = here.query(
        "SELECT to_jsonb(e), ended_at IS NOT NULL FROM ops.erasures e WHERE :account = :account"
    )
    assert ended
    assert proof["erased"] == {place: count for place, count in sorted(erased.items()) if count}
    hasher = Hasher(here.system.warehouse.rows("load/caller_secret")[0].value.encode())
    assert proof["hash"] == hasher.number(number)
    lines = (tmp_path / "erasures.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["hash"] == proof["hash"]
    again_erased = forget.forget_person(open_site(here, tmp_path), Person(number))
    assert not +again_erased, "nothing is left to erase"


GONE_CALLERS = """
SELECT caller_key FROM marts.callers_by_day WHERE account = :account
EXCEPT SELECT caller_key FROM facts.calls WHERE account = :account
"""


# A process that is killed closes no cursor.
@pytest.mark.filterwarnings("ignore:.*ServerCursor.*:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("step", [30, pytest.param(1, marks=pytest.mark.long)])
def test_killed_at_any_statement_it_is_simply_run_again(
    scene: Open, step: int, tmp_path: Path
) -> None:
    field, number, spelling = NUMBERS["evolux"]
    for statement in itertools.count(1, step):
        home = tmp_path / str(statement)
        here = scene("evolux")
        here.put(here.thing(1))
        put_caller(here, here.thing(2, minutes=5), field, spelling)
        put_caller(here, here.thing(3, minutes=10, broken=True), field, number)
        here.later(days=30)
        here.backfill()
        refresh_marts(here.system.warehouse)
        assert searched(here, home, number)
        with here.system.trouble(statement, None) as was_killed:
            forget.forget_person(open_site(here, home), Person(number))
        if was_killed():
            gc.collect()
            forget.forget_person(open_site(here, home), Person(number))
        assert searched(here, home, number) == {}, statement
        assert here.query(GONE_CALLERS) == [], statement
        assert here.unreconciled() == []
        here.backfill()
        assert (here.day().raw_records, here.day().facts, here.day().suppressed) == (1, 1, 2)
        [[erased]] = here.query(
            "SELECT erased FROM ops.erasures WHERE ended_at IS NOT NULL AND :account = :account"
        )
        assert (erased["raw.records"], erased["ops.rejects"]) == (2, 1), statement
        with here.system.warehouse.transaction() as connection:
            connection.exec_driver_sql("TRUNCATE ops.suppressed, ops.erasures")
        if not was_killed():
            return


@pytest.mark.parametrize("name", NAMES)
def test_as_if_they_had_never_called(scene: Open, name: str, tmp_path: Path) -> None:
    """Beside one that never was: the tables are the same, but for the counts that say so."""
    field, number, spelling = NUMBERS[name]
    with_them, without = scene(name), scene(name)
    for here in (with_them, without):
        here.put(here.thing(1), here.thing(2, minutes=5, garbled=True))
    put_caller(with_them, with_them.thing(3, minutes=10), field, spelling)
    for here in (with_them, without):
        here.later(days=30)
        here.backfill()
    forget.forget_person(open_site(with_them, tmp_path), Person(number))
    for here in (with_them, without):
        here.put(here.thing(1, value=99))
        here.backfill()
    tables = [tables_of(here.system, here.account) for here in (with_them, without)]
    counts = tables[0].pop("ops.days"), tables[1].pop("ops.days")
    assert tables[0] == tables[1]
    assert "'suppressed': 1" in counts[0][0]
    assert "'suppressed': 0" in counts[1][0]


def test_details_that_come_after_their_call_was_forgotten_do_not_land(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    field, number, spelling = NUMBERS["evolux"]
    here = scene("evolux", streams=("calls", "call_details"))
    here.put(here.thing(1))
    put_caller(here, here.thing(2, minutes=5), field, spelling)
    for thing in (1, 2):
        here.tenant.put_detail(thing, {"executed_tasks": [TASK]})
    here.later(days=30)
    here.backfill()
    site = open_site(here, tmp_path)
    goes = partial(forget.forget_person, site, Person(number))
    while_details_come(here, "call_details", goes, monkeypatch)
    stored = here.query("SELECT stream, record_key FROM raw.records WHERE account = :account")
    assert sorted(stored) == [("call_details", "1"), ("calls", "1")]
    assert here.query("SELECT call_id FROM facts.call_events WHERE account = :account") == [("1",)]
    days = here.query("SELECT stream, state, facts FROM ops.days WHERE account = :account")
    assert sorted(days) == [("call_details", "complete", 1), ("calls", "complete", 1)]


def test_that_a_detail_never_came_is_not_known_any_more(scene: Open, tmp_path: Path) -> None:
    here = scene("evolux", streams=("calls", "call_details"))
    field, number, spelling = NUMBERS["evolux"]
    put_caller(here, here.thing(3), field, spelling)
    here.later(days=30)
    here.backfill()
    fetch_details(here, "call_details")
    asked = "SELECT 1 FROM ops.details WHERE account = :account"
    assert here.query(asked) == [(1,)]
    assert forget.forget_person(open_site(here, tmp_path), Person(number))["ops.details"] == 1
    assert here.query(asked) == []


def test_a_detail_that_names_somebody_takes_its_call_along(scene: Open, tmp_path: Path) -> None:
    """As where a caller types a number: nothing of it was in the call's own record."""
    _, number, _ = NUMBERS["evolux"]
    here = scene("evolux", streams=("calls", "call_details"))
    here.put(here.thing(1), here.thing(2))
    here.later(days=30)
    here.backfill()
    forget.forget_person(open_site(here, tmp_path), Person(number))
    for call, typed in ((1, "5"), (2, number)):
        task = {"task_id": "1", "task_name": "Menu", "start_time_epoch": 1741700000}
        here.tenant.put_detail(call, {"executed_tasks": [task | {"parameters": {"typed": typed}}]})
    details = discover()["evolux"].stream("call_details")
    loader = here.system.loaders["evolux"]
    for _ in range(2):
        assert loader.backfill([here.account], [details], [DAY])[0].error is None
        here.backfill()
        assert searched(here, tmp_path, number) == {}
        assert [key for key, _ in here.facts("call_id", "call_date")] == ["1"]
    days = here.query(
        "SELECT stream, state, raw_records, suppressed FROM ops.days WHERE account = :account "
        "ORDER BY 1"
    )
    assert days == [("call_details", "complete", 1, 1), ("calls", "complete", 1, 1)]


def test_what_was_detached_for_its_age_goes_too(scene: Open, tmp_path: Path) -> None:
    _, number, _ = NUMBERS["evolux"]
    here = scene("evolux")
    day = DAY - timedelta(days=400)
    here.system.warehouse.make_days({day})
    with here.system.warehouse.transaction() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO raw.records VALUES ('{day}', '{here.account.name}', 'calls', 'k', 1,"
            f' \'{{"caller": "{number}"}}\', now(), 1)'
        )
        connection.exec_driver_sql(
            f"ALTER TABLE raw.records DETACH PARTITION raw_partitions.records_{day:%Y%m%d}"
        )
    assert searched(here, tmp_path, number)
    forget.forget_person(open_site(here, tmp_path), Person(number))
    assert searched(here, tmp_path, number) == {}


def test_records_of_nobody_known_are_told(scene: Open, tmp_path: Path) -> None:
    """As where a part of a dump was restored: which account they are of is all that is known."""
    field, number, spelling = NUMBERS["evolux"]
    here = scene("evolux")
    put_caller(here, here.thing(1), field, spelling)
    here.backfill()
    for table in ("ops.streams", "ops.accounts"):
        here.query(f"DELETE FROM {table} WHERE account = :account RETURNING 1")
    site = site_of(here.system.warehouse, {}, tmp_path)
    with pytest.raises(CallhouseError, match=f"{here.account.name} calls name them, too"):
        forget.forget_person(site, Person(number))
    assert here.query("SELECT 1 FROM ops.erasures WHERE :account <> '' AND ended_at IS NULL")
    forget.forget_person(open_site(here, tmp_path), Person(number))
    assert searched(here, tmp_path, number) == {}
    assert here.query("SELECT 1 FROM ops.erasures WHERE :account <> '' AND ended_at IS NULL") == []


def test_nobody_is_forgotten_as_long_as_marts_have_rows_of_theirs(
    scene: Open, tmp_path: Path
) -> None:
    """As on the host that is upgraded last, where another version's mart can't be refreshed."""
    field, number, spelling = NUMBERS["evolux"]
    here = scene("evolux")
    put_caller(here, here.thing(1), field, spelling)
    here.backfill()
    refresh_marts(here.system.warehouse)
    mart = "WHERE name = 'statements/callers_by_day' AND :account <> '' RETURNING 1"
    own = here.query(f"SELECT digest FROM ops.objects {mart[:-12]}")[0][0]
    here.query(f"UPDATE ops.objects SET digest = 'another' {mart}")
    ended = "SELECT count(ended_at) FROM ops.erasures WHERE :account <> ''"
    callers = "SELECT count(*) FROM marts.callers_by_day WHERE account = :account"
    before = here.query(ended)
    told = r"marts\.callers_by_day: another version"
    with pytest.raises(CallhouseError, match=told):
        forget.forget_person(open_site(here, tmp_path), Person(number))
    with pytest.raises(CallhouseError, match=told):
        forget.forget_record(open_site(here, tmp_path), here.account.name, "calls", "1")
    assert (here.query(ended), here.query(callers)) == (before, [(1,)])
    here.query(f"UPDATE ops.objects SET digest = '{own}' {mart}")
    forget.forget_person(open_site(here, tmp_path), Person(number))
    assert (here.query(ended), here.query(callers)) == ([(before[0][0] + 1,)], [(0,)])


@pytest.mark.parametrize("is_noted", [True, False])
def test_an_account_that_was_taken_away_keeps_its_country(
    scene: Open, tmp_path: Path, is_noted: bool
) -> None:
    """Another than its vendor's. Where nobody knows it any more, any may be it."""
    here, other = scene("conpeek", country="DE"), scene("conpeek", country="DE")
    for one in (here, other):
        one.tenant.put([one.kind.show(one.thing(1), one.kind.zone) | {"note": "030 90182077"}])
        one.later(days=30)
        one.backfill()
    if not is_noted:
        here.query("DELETE FROM ops.accounts WHERE account = :account RETURNING 1")
    configured = {other.account.name: other.account} if not is_noted else {}
    site = site_of(here.system.warehouse, configured, tmp_path)
    forget.forget_person(site, Person("+493090182077"))
    assert (here.versions(), other.versions()) == ([], [])


def test_an_account_goes_whole_and_stays_away(scene: Open, tmp_path: Path) -> None:
    here, other = scene("evolux"), scene("evolux")
    for one in (here, other):
        one.put(one.thing(1), one.thing(2))
        one.later(days=30)
        one.backfill()
    erased = forget.forget_account(open_site(here, tmp_path), here.account.name)
    assert (erased["raw.records"], erased["facts.calls"]) == (2, 2)
    assert not any(tables_of(here.system, here.account).values())
    here.backfill()
    assert here.versions() == []
    assert (here.day().state, here.day().suppressed) == ("complete", 2)
    assert here.unreconciled() == []
    assert len(other.versions()) == 2


def test_what_counts_an_account_is_behind_until_it_is_refreshed(
    scene: Open, tmp_path: Path
) -> None:
    """Killed between the two: a mart of one's own may have no column for the account."""
    here = scene("evolux")
    here.put(here.thing(1))
    here.later(days=30)
    here.backfill()
    warehouse = here.system.warehouse
    refresh_marts(warehouse)
    owner = open_site(here, tmp_path).owners[here.account.name]
    touched = erase_account(warehouse, owner, lambda _: None, lambda *_: None)
    assert touched
    assert touched <= set(stale_days(warehouse))


def test_an_account_goes_out_of_marts_whose_facts_are_gone_for_their_age(
    scene: Open, tmp_path: Path
) -> None:
    here, other = scene("evolux"), scene("evolux")
    for one in (here, other):
        one.put(one.thing(1), one.thing(2))
        one.later(days=30)
        one.backfill()
    warehouse = here.system.warehouse
    refresh_marts(warehouse)
    expiry.drop_facts(warehouse, DAY + timedelta(days=1))
    days = "SELECT calls FROM marts.calls_by_day WHERE account = :account"
    assert sum(calls for (calls,) in here.query(days)) == 2
    forget.forget_account(open_site(here, tmp_path), here.account.name)
    for name, columns in sql.catalog.tables().items():
        if any(column.name == "account" for column in columns):
            left = here.query(f"SELECT 1 FROM {name} WHERE account = :account")
            assert left == [], name
    assert sum(calls for (calls,) in other.query(days)) == 2


def test_again_finds_texts_in_any_spelling(scene: Open, tmp_path: Path) -> None:
    """An old dump's, where nobody knows the number any more."""
    _, number, _ = NUMBERS["evolux"]
    here = scene("evolux")
    forget.forget_person(open_site(here, tmp_path), Person(number))
    escaped = json.dumps({"of": "11\u00a09\u202f9948\u00a00077"})
    for spelling in (number, "(11) 9 9948-0077", "11 9 99 48 00 77", escaped):
        here.query(
            "INSERT INTO ops.findings (stream, name, account, note) VALUES "
            f"('x', md5('{spelling}'), :account, '{spelling}') RETURNING 1"
        )
    known = "SELECT note FROM ops.findings WHERE account = :account"
    before = here.query(known)
    assert searched(here, tmp_path, number)
    forget.forget_again(open_site(here, tmp_path))
    assert searched(here, tmp_path, number) == {}
    notes = here.query(known)
    assert (len(notes), len({*before} & {*notes})) == (4, 0), "each has changed"
    assert not [note for (note,) in notes if "0077" in note or "00 77" in note]


def test_tables_that_others_keep_closed_are_counted(scene: Open) -> None:
    """As where the warehouse's user is no superuser, and somebody else has a schema beside it."""
    warehouse, role = scene("evolux").system.warehouse, f"test_limited_{os.getpid()}"
    with warehouse.transaction() as connection:
        connection.exec_driver_sql("CREATE SCHEMA theirs")
        connection.exec_driver_sql("CREATE TABLE theirs.notes (note text)")
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    url = sa.make_url(warehouse.url).set(username=role, password="secret")
    limited = Warehouse(url.render_as_string(hide_password=False))
    try:
        assert hide_in_tables(limited, str.upper, None)[CLOSED] > 1
    finally:
        limited.close()
        with warehouse.transaction() as connection:
            connection.exec_driver_sql("DROP SCHEMA theirs CASCADE")
            connection.exec_driver_sql(f"DROP ROLE {role}")


def test_again_after_an_old_dump(scene: Open, tmp_path: Path) -> None:
    """The tables are as before, and the database doesn't know of any erasure: the register does."""
    field, number, spelling = NUMBERS["evolux"]
    here = scene("evolux")
    put_caller(here, here.thing(3), field, spelling)
    here.put(here.thing(1), here.thing(2, minutes=3))
    here.later(days=30)
    here.backfill()
    dumped: dict[str, list[Any]] = {
        table: here.query(f"SELECT * FROM {table} WHERE account = :account")
        for table in ("raw.records", "raw.heads", "ops.days")
    }
    site = open_site(here, tmp_path)
    forget.forget_person(site, Person(number))
    key = here.versions()[0][0]
    forget.forget_record(site, here.account.name, "calls", key)
    with here.system.warehouse.transaction() as connection:
        connection.exec_driver_sql("TRUNCATE ops.suppressed, ops.suppressed_records, ops.erasures")
        for table, rows in dumped.items():
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE account = '{here.account.name}'")
            for row in rows:
                values = [json.dumps(v) if isinstance(v, dict) else v for v in row]
                marks = ", ".join(["%s"] * len(row))
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", tuple(values))
    here.rebuild()
    assert len(here.facts("call_id", "call_date")) == 3
    erased = forget.forget_again(site)
    assert (erased["raw.records"], erased["facts.calls"]) == (2, 2)
    assert searched(here, tmp_path, number) == {}
    assert len(here.versions()) == 1
    here.backfill()
    assert len(here.versions()) == 1
    assert (here.day().raw_records, here.day().suppressed) == (1, 2)
    assert len(here.query("SELECT 1 FROM ops.erasures WHERE :account = :account")) == 2
