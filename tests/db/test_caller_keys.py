"""Callers can be counted and joined over vendors by who doesn't see their numbers."""

import hashlib
import hmac

import psycopg
import pytest

from assets.loading.account_stream import AccountStream
from assets.loading.context import LoadContext
from assets.loading.load import Loader
from assets.loading.rebuild import Rebuilder
from assets.loading.result import Loaded
from resources.postgres.roles import ANALYST, ANALYST_PII
from resources.postgres.warehouse import Warehouse
from resources.standin.server import StandIn
from resources.vendors import discover
from tests.db.conftest import AccountOf
from tests.db.facts import query
from tests.db.test_load import DAY, dialog
from tests.db.test_roles import login

ANA, BEN = "+56227654321", "+56221234567"
CALLERS = "SELECT count(DISTINCT caller_key), count(caller_key), count(*) FROM {}"
JOINED = """SELECT count(*) FROM {0}.calls c JOIN {0}.calls other USING (caller_key)
             WHERE c.account = 'ours' AND other.account = 'theirs'"""


def test_a_caller_has_one_key_in_every_vendor(
    warehouse: Warehouse, standin: StandIn, account_of: AccountOf, database_url: str
) -> None:
    ours = standin.tenant("conpeek", "ours")
    numbers = [ANA, BEN, ANA, "anonymous"]
    ours.put([dialog(n, from_display_target=number) for n, number in enumerate(numbers)])
    theirs = standin.tenant("clickfono", "theirs")
    theirs.put(
        [
            {
                "uuid": "c-1",
                "call_at": "2026/03/10 10:00:00 -0300",
                "caller_number": "227654321",
                "call_number_company": "221234567",
                "status": "Conectada",
                "duration_customer": 60,
            }
        ]
    )
    for tenant, stream in ((ours, "dialogs"), (theirs, "calls")):
        vendor = discover()[tenant.vendor]
        loader = Loader(warehouse, vendor, "test-run")
        try:
            [result] = loader.backfill([account_of(tenant)], [vendor.stream(stream)], [DAY])
            assert result.error is None
        finally:
            loader.close()

    [(secret,)] = query(warehouse, "SELECT value FROM ops.settings WHERE name = 'caller_secret'")
    keys = "SELECT account, call_id, caller_key FROM facts.calls ORDER BY 1, 2"
    expected = [
        number and hmac.new(secret.encode(), number.encode(), hashlib.sha256).hexdigest()[:32]
        for number in (ANA, BEN, ANA, None, ANA)
    ]
    before = query(warehouse, keys)
    assert [key for _, _, key in before] == expected

    for role, schema in ((ANALYST, "masked"), (ANALYST_PII, "facts")):
        with login(database_url, role) as connection:
            assert connection.execute(CALLERS.format(f"{schema}.calls")).fetchone() == (2, 4, 5)
            assert connection.execute(JOINED.format(schema)).fetchone() == (2,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT value FROM ops.settings")

    dialogs = discover()["conpeek"].stream("dialogs")
    rebuilder = Rebuilder(
        LoadContext(warehouse, warehouse.now), AccountStream(account_of(ours), dialogs)
    )
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM facts.calls WHERE account = 'ours'")
    rebuilder.rebuild(DAY, Loaded())
    assert query(warehouse, keys) == before
