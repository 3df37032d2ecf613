"""Analysts, each by a login of their own: what they see, what they don't, and who may make them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql as identifiers

from resources.postgres.migration import migrate
from resources.postgres.roles import ANALYST, ANALYST_PII
from resources.postgres.warehouse import Warehouse
from sql import facts
from tests.db.facts import DAY, put, put_call

NUMBER = "+573205551234"


@contextmanager
def login(url: str, member_of: str | None, options: str = "") -> Iterator[psycopg.Connection]:
    """A connection of a fresh user, as an administrator would make one."""
    name = f"maria_{url.rpartition('/')[2]}"
    user = identifiers.Identifier(name)
    with psycopg.connect(url, autocommit=True) as admin:
        make = f"CREATE ROLE {{}} LOGIN PASSWORD 'secret' {options}"
        admin.execute(identifiers.SQL(make).format(user))
        if member_of:
            grant = identifiers.SQL("GRANT {} TO {}")
            admin.execute(grant.format(identifiers.Identifier(member_of), user))
        own = sa.make_url(url).set(username=name, password="secret")
        try:
            with psycopg.connect(
                own.render_as_string(hide_password=False), autocommit=True
            ) as connection:
                yield connection
        finally:
            admin.execute(identifiers.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(user))
            admin.execute(identifiers.SQL("DROP OWNED BY {}").format(user))
            admin.execute(identifiers.SQL("DROP ROLE {}").format(user))


@pytest.fixture
def calls(warehouse: Warehouse, database_url: str) -> str:
    """The URL of a warehouse with a call in every table of facts."""
    warehouse.make_days({DAY})
    numbers = {"from_number": NUMBER, "to_number": "5050"}
    own = {"call_date": DAY, "account": "acme", "stream": "calls"}
    at = {"started_at": datetime(2026, 3, 10, tzinfo=UTC)}
    with warehouse.transaction() as c:
        put_call(
            c,
            "1",
            attributes='{"Rut": "1-9"}',
            transferred_to="sip:ada",
            from_e164=NUMBER,
            **numbers,
        )
        leg = {"leg_id": "1", "call_id": "1", "vendor": "conpeek", "direction": "inbound"}
        put(c, "facts.call_legs", attributes='{"a": 1}', **own, **leg, **numbers, **at)
        put(c, "facts.call_events", call_id="1", position=1, params='{"a": 1}', **own)
        recording = {"recording_id": "1", "vendor": "vono", "audio_uri": "file:a"}
        put(c, "facts.recordings", **own, **recording, **numbers, **at)
        put(c, "facts.agent_usage", agent_name="Ada", vendor="wolkvox", observed_at=DAY, **own)
    return database_url


def test_an_analyst_sees_personal_data_masked(calls: str) -> None:
    with login(calls, ANALYST) as connection:
        for table in facts.TABLES.values():
            row = connection.execute(f"SELECT * FROM masked.{table.name}")
            assert [c.name for c in row.description or ()] == [c.name for c in table.columns]
            shown = dict(zip([c.name for c in table.columns], row.fetchone() or (), strict=True))
            for column in table.columns:
                hidden = column.personal and not column.mask
                assert not hidden or shown[column.name] is None, (table.name, column.name)
            if "from_number" in shown:
                assert shown["from_number"] == "+57320555****"
                assert shown["to_number"] == "5050"
        transferred = connection.execute("SELECT transferred_to FROM masked.calls").fetchone()
        assert transferred == ("****",)


def test_an_analyst_reads_facts_but_for_what_is_personal(calls: str) -> None:
    with login(calls, ANALYST) as connection:
        count = "SELECT count(*), max(talk_s) FROM facts.calls WHERE call_date = '2026-03-10'"
        assert connection.execute(count).fetchone() == (1, 100)
        for table in facts.TABLES.values():
            for column in table.columns:
                asked = f"SELECT {column.name} FROM facts.{table.name}"
                if column.is_open(agents=True):
                    connection.execute(asked)
                    continue
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(asked)


def test_names_of_agents_are_hidden_where_that_is_wanted(calls: str, warehouse: Warehouse) -> None:
    with warehouse.transaction() as c:
        named = {"account": "acme", "vendor": "wolkvox", "agent_name": "Ada"}
        put(c, "marts.agents_by_day", call_date=DAY, **named)
    asked = [f"SELECT agent_name FROM {where}" for where in
             ("masked.agent_usage", "marts.agents_by_day", "facts.agent_usage")]  # fmt: skip
    for role, hide, hidden in ((ANALYST, None, False), (ANALYST, False, True),
                               (ANALYST, None, True), (ANALYST_PII, None, False),
                               (ANALYST, True, False)):  # fmt: skip
        migrate(calls, agent_names=hide)
        with login(calls, role) as connection:
            shown = [None]
            for query in asked[1:] if role == ANALYST_PII else asked:
                try:
                    shown.append((connection.execute(query).fetchone() or ("",))[0])
                except psycopg.errors.InsufficientPrivilege:
                    shown.append(None)
            assert ("Ada" not in shown) == hidden
            assert hidden or set(shown[1:]) == {"Ada"}
            connection.execute("SELECT call_date, calls FROM marts.agents_by_day")


def test_an_analyst_with_personal_data_sees_it(calls: str) -> None:
    with login(calls, ANALYST_PII) as connection:
        asked = "SELECT from_number, attributes FROM facts.calls"
        assert connection.execute(asked).fetchone() == (NUMBER, {"Rut": "1-9"})


@pytest.mark.parametrize("role", [ANALYST, ANALYST_PII])
def test_analysts_see_marts_but_no_payloads_and_change_nothing(calls: str, role: str) -> None:
    with login(calls, role) as connection:
        assert connection.execute("SHOW jit").fetchone() == ("off",)
        connection.execute("SELECT * FROM marts.calls_by_day, marts.completeness_by_day")
        for refused in (
            "SELECT payload FROM raw.records",
            "SELECT * FROM raw.heads",
            "SELECT payload FROM ops.rejects",
            "SELECT url FROM ops.requests",
            "SELECT * FROM ops.settings",
            "SELECT ops.make_day('2026-03-10')",
            "SELECT count(*) FROM facts_partitions.calls_20260310",
            "DELETE FROM facts.calls",
            "UPDATE marts.calls_by_day SET calls = 0",
            "CREATE TABLE marts.mine ()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused)


def test_partitions_lead_around_no_mask_and_no_policy(calls: str, warehouse: Warehouse) -> None:
    """As where roles see rows of some accounts only, and an administrator grants generously."""
    with warehouse.transaction() as c:
        put_call(c, "2", account="other")
        c.exec_driver_sql("ALTER TABLE facts.calls ENABLE ROW LEVEL SECURITY")
        c.exec_driver_sql("CREATE POLICY own ON facts.calls USING (account = 'other')")
        for role in (ANALYST, ANALYST_PII):
            c.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA masked TO {role}")
            c.exec_driver_sql(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}")
        c.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA facts TO {ANALYST_PII}")
    warehouse.make_days({date(2026, 3, 11)})
    for role in (ANALYST, ANALYST_PII):
        with login(calls, role) as connection:
            accounts = "SELECT DISTINCT account FROM facts.calls"
            assert connection.execute(accounts).fetchall() == [("other",)]
            for name in (*facts.TABLES, "records"):
                schema = "raw_partitions" if name == "records" else "facts_partitions"
                for day in ("20260310", "20260311"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(f"SELECT count(*) FROM {schema}.{name}_{day}")


def test_a_table_picker_shows_tables_and_no_days(calls: str) -> None:
    """As SQLAlchemy asks, which shows what one may not read, too; and information_schema."""
    in_facts = {*facts.TABLES, "callback_attempts"}
    listed = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'facts'"
    for role in (None, ANALYST, ANALYST_PII):
        with login(calls, role) as connection:
            url = sa.make_url(calls).set(
                drivername="postgresql+psycopg",
                username=connection.info.user,
                password=connection.info.password,
            )
            inspector = sa.inspect(sa.create_engine(url, poolclass=sa.NullPool))
            assert set(inspector.get_table_names("facts")) == in_facts
            assert set(inspector.get_table_names("raw")) == {"heads", "records"}
            assert set(inspector.get_view_names("masked")) == set(facts.TABLES)
            shown = {name for (name,) in connection.execute(listed)}
            assert shown == (in_facts if role else set())
            assert inspector.get_table_comment("calls_by_day", "marts")["text"]
            for schema in ("masked", "facts") if role else ():
                columns = inspector.get_columns("calls", schema)
                assert [c["name"] for c in columns if not c["comment"]] == []


def test_one_call_by_its_id_alone(calls: str, warehouse: Warehouse) -> None:
    with warehouse.transaction() as c:
        put(c, "ops.streams", account="acme", stream="calls", vendor="conpeek")
        head = {"version": 1, "digest": "0" * 32, "observed_at": DAY, "first_seen_at": DAY}
        key = {"account": "acme", "stream": "calls", "record_key": "1", "call_date": DAY}
        put(c, "raw.heads", **key, **head)
    asked = "SELECT from_number, talk_s FROM {}.find_calls('1')"
    with login(calls, ANALYST) as connection:
        found = connection.execute(asked.format("masked")).fetchall()
        assert found == [("+57320555****", 100)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(asked.format("facts"))
        key_of = f"SELECT length(facts.caller_key('{NUMBER}'))"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(key_of)  # who can ask for keys can try all numbers
        connection.execute("SELECT * FROM masked.calls_of_caller('a')")
    with login(calls, ANALYST_PII) as connection:
        assert connection.execute(key_of).fetchone() == (32,)
        assert connection.execute(f"SELECT * FROM facts.calls_of('{NUMBER}')").fetchall() == []
        assert connection.execute(asked.format("facts")).fetchall() == [(NUMBER, 100)]
        assert connection.execute("SELECT * FROM facts.find_calls('2')").fetchall() == []


def test_a_new_days_partition_needs_no_grant(calls: str, warehouse: Warehouse) -> None:
    with login(calls, ANALYST) as connection:
        warehouse.make_days({date(2026, 3, 11)})
        assert connection.execute("SELECT count(*) FROM masked.calls").fetchone() == (1,)


def test_bare_names_lead_each_role_to_its_own_tables(calls: str) -> None:
    with psycopg.connect(calls, autocommit=True) as admin:
        for role, number in ((ANALYST, "+57320555****"), (ANALYST_PII, NUMBER)):
            [path] = admin.execute(
                "SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = %s"
                " AND 'jit=off' = ANY(rolconfig) ORDER BY 1 DESC LIMIT 1",
                [role],
            ).fetchone() or ("",)
            name, _, value = path.partition("=")
            assert name == "search_path"
            with login(calls, role) as connection:
                connection.execute("SELECT set_config('search_path', %s, false)", [value])
                assert connection.execute("SELECT from_number FROM calls").fetchone() == (number,)


def test_who_may_not_make_roles_migrates_and_is_told_what_is_left(
    empty_database_url: str, postgres_url: str
) -> None:
    """As on a managed database: the user owns the database, and that is all."""
    name = empty_database_url.rpartition("/")[2]
    with login(empty_database_url, None, "NOCREATEROLE") as connection:
        user = connection.info.user
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            own = identifiers.SQL("ALTER DATABASE {} OWNER TO {}")
            admin.execute(own.format(identifiers.Identifier(name), identifiers.Identifier(user)))
        url = sa.make_url(empty_database_url).set(username=user, password="secret")
        with pytest.MonkeyPatch.context() as patch:
            # The real roles are there already, for the other tests' sake.
            patch.setattr(
                "resources.postgres.roles.PATHS", {"callhouse_test_analyst": "masked, marts"}
            )
            told = migrate(url.render_as_string(hide_password=False))
        assert told == [
            "CREATE ROLE callhouse_test_analyst NOLOGIN",
            "ALTER ROLE callhouse_test_analyst SET jit = off",
            "ALTER ROLE callhouse_test_analyst SET search_path = masked, marts",
        ]
        assert connection.execute("SELECT count(*) FROM marts.calls_by_day").fetchone() == (0,)
