"""`callhouse forget`, and an export of what is known of somebody."""

import json
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from resources.postgres.warehouse import Warehouse
from resources.standin import Tenant
from tests.e2e.cli.command import (
    CALLER,
    CLICKFONO,
    CONPEEK,
    DAY,
    NATIONAL,
    Call,
    change,
    dialog,
)
from tests.privacy_site import places_of


def test_a_caller_is_told_and_forgotten(
    call: Call, warsaw: Tenant, database_url_with_dagster: str, tmp_path: Path
) -> None:
    """Also by Dagster's history and by logs, and whatever is done afterwards."""
    warsaw.put([dialog(40) | {"from_display_target": NATIONAL}, dialog(41)])
    day = ("--from", str(DAY), "--json")
    call("sync", *day)
    home = tmp_path / "home"
    (home / "logs").mkdir(exist_ok=True)
    (home / "logs" / "own.log").write_text(f"called by {CALLER}\n")
    with closing(psycopg.connect(database_url_with_dagster, autocommit=True)) as connection:
        connection.execute(
            "UPDATE dagster.event_logs SET event = jsonb_set(event::jsonb, '{user_message}', %s)"
            " WHERE id = (SELECT max(id) FROM dagster.event_logs)", [json.dumps(f"of {CALLER}")],
        )  # fmt: skip
    with closing(Warehouse(database_url_with_dagster)) as warehouse:

        def searched() -> dict[str, int]:
            return places_of(warehouse, home, [NATIONAL])

        known = json.loads(call("export-person", "--number", CALLER).stdout)
        assert known["records"] == 1
        assert known["tables"]["raw.records"][0]["payload"]["from_display_target"] == NATIONAL
        assert known["tables"]["facts.calls"][0]["from_e164"] == CALLER
        before = searched()
        assert before.keys() >= {"dagster.event_logs", "logs/own.log"}
        told = call("forget", "--number", NATIONAL, "--dry-run").stdout
        assert "raw.records" in told
        assert "Nothing was changed" in told
        assert searched() == before
        assert "ops.erasures has the proof" in call("forget", "--number", CALLER).stdout
        assert searched() == {}
        assert json.loads(call("export-person", "--number", CALLER).stdout)["tables"] == {}
        for again in (("sync", *day), ("rebuild", *day), ("forget", "--again")):
            call(*again)
            assert searched() == {}


def test_a_wrong_accounts_file_is_told_and_hides_nobody(
    call: Call, warsaw: Tenant, tmp_path: Path
) -> None:
    """The account is of another country than its vendor: so it was when it was read last."""
    file = tmp_path / "accounts.toml"
    vendor = 'vendor = "conpeek"'
    file.write_text(file.read_text().replace(vendor, f'{vendor}\ncountry = "DE"'))
    warsaw.put([dialog(40) | {"note": "call 030 90182077 back"}])
    call("sync", CONPEEK, "--from", str(DAY))
    file.write_text(file.read_text() + "\n[accounts.other\n")
    forgotten = call("forget", "--number", "+49 30 90182077")
    assert "not valid TOML" in forgotten.stderr
    assert "ops.erasures has the proof" in forgotten.stdout
    assert "90182077" not in call("sql", "SELECT payload FROM raw.records").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--number", "600"), "no telephone number of CL, PL"),
        (("--number", CALLER, "--account", CONPEEK), "whom:"),
        (("--key", "d-1"), "a record is --key K --account A --stream S"),
        (("--key", "d-1", "--account", "nobody", "--stream", "dialogs"), "nothing was ever read"),
        (("--account", CONPEEK, "--keep-calls"), "go with --number"),
        ((), "whom:"),
    ],
)
def test_whom_to_forget_must_be_clear(call: Call, arguments: tuple[str, ...], told: str) -> None:
    for name, vendor in ((CONPEEK, "conpeek"), (CLICKFONO, "clickfono")):
        change(
            f"INSERT INTO ops.streams (account, stream, vendor) VALUES ('{name}', '', '{vendor}')"
        )
    result = call("forget", *arguments, exit_code=1 if "nobody" in arguments else 2)
    assert told in result.stderr
