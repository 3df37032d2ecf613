"""Two accounts, a warehouse and a home for the command line."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from resources.standin import StandIn, Tenant
from tests.e2e.cli.command import CLICKFONO, CONPEEK, SECRET, Call, account, dialog


@pytest.fixture(scope="module")
def serving() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def standin(serving: StandIn) -> Iterator[StandIn]:
    serving.reset()
    yield serving
    assert not list(serving.breaches)


@pytest.fixture
def warsaw(standin: StandIn) -> Tenant:
    tenant = standin.tenant("conpeek", CONPEEK, token=SECRET, timezone="UTC")
    tenant.put([dialog(n) for n in range(5)])
    return tenant


@pytest.fixture
def santiago(standin: StandIn) -> Tenant:
    return standin.tenant("clickfono", CLICKFONO, token=SECRET, timezone="UTC")


@pytest.fixture
def environment(
    standin: StandIn,
    warsaw: Tenant,
    santiago: Tenant,
    database_url_with_dagster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Mapping[str, str]:
    """Two accounts, a warehouse and a home of their own."""
    entries = [account(standin, tenant) for tenant in (warsaw, santiago)]
    (tmp_path / "accounts.toml").write_text("\n".join(entries), encoding="utf-8")
    monkeypatch.setattr(os, "environ", os.environ.copy())
    changes = {
        "CALLHOUSE_HOME": str(tmp_path / "home"),
        "CALLHOUSE_ACCOUNTS": str(tmp_path / "accounts.toml"),
        "CALLHOUSE_DATABASE_URL": database_url_with_dagster,
        "A_TOKEN": SECRET,
    }
    os.environ.update(changes)
    return changes


@pytest.fixture
def call(environment: Mapping[str, str]) -> Call:
    """Runs the command in this process; it never tells the secret."""

    def run(*arguments: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        assert SECRET not in result.output
        assert result.exit_code == exit_code, result.output
        return result

    return run
