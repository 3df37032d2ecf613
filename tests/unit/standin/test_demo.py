"""The demo: its accounts file, and the stand-in as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import httpx

from resources.standin import demo

CHECKOUT = Path(__file__).parents[3]
FIRST_DAY = json.dumps(
    [{"property": "start_time", "operator": "lt", "value": "2026-03-02 00:00:00"}]
)


def test_the_accounts_say_that_they_are_a_demo(tmp_path: Path) -> None:
    path = tmp_path / "a blank" / "accounts.toml"
    demo.write_accounts(path, "http://127.0.0.1:9", date(2026, 3, 1))
    text = path.read_text(encoding="utf-8")
    accounts = tomllib.loads(text)["accounts"]
    assert "invented" in text
    assert all(name.startswith("demo-") for name in accounts)
    assert {account["vendor"] for account in accounts.values()} == {
        *("evolux", "conpeek", "clickfono", "wolkvox", "vono")
    }
    vono = accounts["demo-vono"]
    assert vono["base_url"] == "http://127.0.0.1:9/vono/demo-vono"
    assert vono["start_date"] == date(2026, 3, 1)
    for secret in vono["credentials"].values():
        file = Path(secret["file"])
        assert file.read_text(encoding="utf-8") not in text
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_restart_tells_the_same_story(tmp_path: Path) -> None:
    """And the process ends when it is told to."""
    (tmp_path / "world.json").write_text('{"first_day": "2026-03-01"}')
    tenant = next(tenant for tenant in demo.DEMO_TENANTS if tenant.vendor == "conpeek")
    process = subprocess.Popen(
        [sys.executable, "-m", "resources.standin", "--state", str(tmp_path)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    try:
        assert process.stdout
        ready, url = process.stdout.readline().split()
        assert ready == "ready"
        [first] = httpx.get(
            f"{url}/conpeek/{tenant.name}/cdr_dialog",
            params={"limit": 1, "filter": FIRST_DAY},
            headers={"Authorization": tenant.secret("token")},
        ).json()["data"]
        assert first["dialog_type"] == "EXTERNAL"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
