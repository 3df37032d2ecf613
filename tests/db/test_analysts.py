"""`callhouse analyst`: what it prints works as it is, and goes when it is removed."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql as identifiers
from typer.testing import CliRunner, Result

from pipelines.cli import app
from resources.errors import CallhouseError
from resources.postgres import analysts
from resources.postgres.migration import migrate
from tests.db.test_roles import login


@pytest.fixture
def name(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a login that no other test has: logins are the whole server's."""
    migrate(database_url)  # a copy of a database has the rights of any
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", database_url)
    name = f"ana_{database_url.rpartition('/')[2]}"
    yield name
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            identifiers.SQL("DROP ROLE IF EXISTS {}").format(identifiers.Identifier(name))
        )


def call(*arguments: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["analyst", *arguments])
    assert result.exit_code == exit_code, result.output
    return result


def url_in(result: Result) -> str:
    [url] = re.findall(r"^postgresql://\S+$", result.stdout, re.MULTILINE)
    return str(url)


def test_what_is_printed_logs_in_and_can_stop_nothing(name: str, database_url: str) -> None:
    told = call("add", name)
    info = psycopg.conninfo.conninfo_to_dict(database_url)
    assert f"host     {info['host']}" in told.stdout
    assert f"port     {info['port']}" in told.stdout
    with psycopg.connect(url_in(told), autocommit=True) as connection:
        shown = {
            setting: connection.execute(f"SHOW {setting}").fetchone()
            for setting in (
                "statement_timeout",
                "idle_in_transaction_session_timeout",
                "search_path",
            )
        }
        assert shown == {
            "statement_timeout": ("15min",),
            "idle_in_transaction_session_timeout": ("10min",),
            "search_path": ("masked, marts, facts, public",),
        }
        connection.execute("SELECT from_number FROM calls, calls_by_day")  # masked.calls
        for refused in (
            "CREATE TEMP TABLE mine (n int)",
            "SELECT from_number FROM facts.calls",
            "SELECT payload FROM raw.records",
            f"ALTER ROLE {name} CONNECTION LIMIT 100",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused.encode())
        limit = connection.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user")
        assert limit.fetchone() == (10,)
        listed = call("list").stdout
        assert re.search(rf"{name} .*no .*1 .*10 .*15min", listed), listed
        assert "is removed" in call("remove", name).stdout
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url_in(told))
    assert name not in call("list").stdout
    assert "temporary tables" not in told.output
    assert "There is no analyst" in call("remove", name, exit_code=1).stderr


def test_with_personal_data_and_the_password_is_in_no_log(name: str, database_url: str) -> None:
    with psycopg.connect(url_in(call("add", name, "--pii"))) as connection:
        connection.execute("SELECT from_number FROM calls")
        assert connection.execute("SHOW search_path").fetchone() == ("facts, marts, public",)
    with psycopg.connect(database_url, autocommit=True) as admin:
        database = identifiers.Identifier(admin.info.dbname)
        admin.execute(identifiers.SQL("GRANT TEMPORARY ON DATABASE {} TO PUBLIC").format(database))
        other = call("add", f"{name}_b")
        admin.execute(f"DROP ROLE {name}_b".encode())
    assert "fill its disk: run `callhouse migrate`" in other.stderr
    again = call("add", name, exit_code=1)
    assert "There is a role" in again.stderr
    assert "postgresql://" not in again.output
    with psycopg.connect(database_url) as admin:
        statements = analysts._statements(admin, name, "callhouse_analyst", "s3cret-s3cret")
        assert not [s for s in statements if "s3cret" in s.as_string(admin)]


def test_who_may_not_make_logins_is_told_what_an_administrator_runs(
    name: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is printed then makes the login whose address was printed."""
    with (
        login(database_url, None, "NOCREATEROLE") as connection,
        psycopg.connect(database_url, autocommit=True) as owner,
    ):
        for right in ("USAGE ON SCHEMA ops", "SELECT ON ops.settings, public.schema_version"):
            owner.execute(f"GRANT {right} TO {connection.info.user}".encode())
        own = psycopg.conninfo.conninfo_to_dict(database_url)
        own_url = f"postgresql://{connection.info.user}:secret@{own['host']}:{own['port']}/{own['dbname']}"
        monkeypatch.setenv("CALLHOUSE_DATABASE_URL", own_url)
        told = call("add", name, exit_code=1)
    assert "It doesn't log in yet" in told.stderr
    statements = re.findall(r"^  (\w.*);$", told.stdout, re.MULTILINE)
    assert len(statements) == 5
    with psycopg.connect(database_url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement.encode())
    with psycopg.connect(url_in(told)) as analyst:
        analyst.execute("SELECT count(*) FROM calls_by_day")


@pytest.mark.parametrize(
    "wrong", ["", "Maria", "maria lópez", "pg_maria", "callhouse", "callhouse_reader", "postgres",
              "x; DROP", "1a", "a" * 64],
)  # fmt: skip
def test_a_name_that_cant_be_a_login(wrong: str) -> None:
    with pytest.raises(CallhouseError, match="can't be a login"):
        analysts.require_name(wrong)


def test_only_analysts_are_removed(name: str, database_url: str) -> None:
    """Not the owner, who is a member of both groups, nor who owns something."""
    for other in ("callhouse", "callhouse_reader", "callhouse_analyst", "postgres"):
        assert "There is no analyst" in call("remove", other, exit_code=1).stderr
    url = url_in(call("add", name))
    with psycopg.connect(database_url, autocommit=True) as admin:
        user = identifiers.Identifier(name)
        admin.execute("CREATE TABLE public.notes (n int)")
        admin.execute(identifiers.SQL("GRANT SELECT ON public.notes TO {}").format(user))
        assert "granted something else" in call("remove", name, exit_code=1).stderr
        psycopg.connect(url).close()
        admin.execute("DROP TABLE public.notes")
