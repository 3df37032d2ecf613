"""docs/analysts/sources.yml: what dbt makes of it, on two days of the demo, as an analyst."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg import sql as identifiers

import sql.dbt
from resources.configuration.home import CHECKOUT
from resources.postgres import analysts
from tests.analysts import world

DBT = CHECKOUT / ".venv-dbt" / "bin" / "dbt"
PROJECT = """
name: calls
version: "1.0.0"
profile: calls
flags: {require_generic_test_arguments_property: true, send_anonymous_usage_stats: false}
vars: {callhouse_test_days: 10000}
"""
JUST_READ = "UPDATE ops.days SET last_polled_at = now()"
"""By dbt's clock, which isn't the demo's."""
SPOILT = (
    """UPDATE ops.days SET last_polled_at = last_polled_at - interval '9 days'
        WHERE account = (SELECT min(account) FROM ops.days)""",
    "ALTER TABLE marts.calls_by_day ALTER vendor DROP NOT NULL",
    "UPDATE marts.calls_by_day SET vendor = NULL",
    """UPDATE marts.calls_by_day SET direction = 'up'
        WHERE ctid = (SELECT min(ctid) FROM marts.calls_by_day)""",
)


@contextmanager
def project(url: str, folder: Path, pii: bool) -> Iterator[Path]:
    """A dbt project of an analyst, with the sources in it."""
    name = f"dbt_{url.rpartition('/')[2]}"
    own = analysts.add(url, name, pii).url
    profile = {
        "type": "postgres",
        "host": own.host,
        "port": own.port,
        "user": own.username,
        "password": own.password,
        "dbname": own.database,
        "schema": "marts",
        "threads": 2,
    }
    (folder / "models").mkdir(parents=True)
    shutil.copy(sql.dbt.FILE, folder / "models")
    (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    profiles = {"calls": {"target": "demo", "outputs": {"demo": profile}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")
    try:
        yield folder
    finally:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(identifiers.SQL("DROP ROLE {}").format(identifiers.Identifier(name)))


def run(folder: Path, *arguments: str) -> tuple[int, str, dict[str, str]]:
    """Exit code, output, and of each test or source how it ended."""
    done = subprocess.run(
        [DBT, "--no-use-colors", *arguments, "--project-dir", folder, "--profiles-dir", folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
    )
    file = "sources.json" if "freshness" in arguments else "run_results.json"
    path = folder / "target" / file
    results = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []
    ended = {result["unique_id"]: result["status"] for result in results}
    return done.returncode, done.stdout + done.stderr, ended


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(not DBT.exists(), reason="dbt can't be installed here: make test-long")
def test_dbt_tests_the_demo(postgres_url: str, template_database: str, tmp_path: Path) -> None:
    """All holds, for who sees no personal data; a broken mart and an account that isn't read are
    found.
    """
    from tests.conftest import fresh_database

    with fresh_database(postgres_url, template=template_database) as url:
        (tmp_path / "world").mkdir()
        world.load(url, tmp_path / "world")
        with project(url, tmp_path / "dbt", pii=False) as folder:
            own = ("--select", "source:callhouse_marts", "source:callhouse_masked")
            code, output, ended = run(folder, "test", *own)
            assert code == 0, output
            assert len(ended) > 150
            warned = [test for test, status in ended.items() if status != "pass"]
            assert [test.split(".")[2] for test in warned] == ["settled_days_are_good"], output
            with psycopg.connect(url) as admin:
                admin.execute(JUST_READ)
            code, output, before = run(folder, "source", "freshness")
            assert list(before.items()) == [("source.calls.callhouse_marts.trust_by_day", "pass")]
            with psycopg.connect(url) as admin:
                for spoilt in SPOILT:
                    admin.execute(spoilt.encode())
            code, output, ended = run(folder, "source", "freshness")
            assert list(ended.values()) == ["error"], output
            chosen = ("--select", "source:callhouse_marts.calls_by_day")
            code, output, ended = run(folder, "test", *chosen)
            assert code == 1
            failed = [test for test, status in ended.items() if status == "fail"]
            assert len(failed) == 2, output
