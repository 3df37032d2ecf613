"""The demo's customers at the stand-in vendors, and the accounts file that reads them.

Every name begins with `demo-`, so that no figure of theirs can be taken for a real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from resources.standin.server import StandIn
from resources.text import files

HEADER = """\
# DEMO: these are not vendors and these are not calls. The accounts read Callhouse's stand-in
# vendors on this machine; every name, number and call in them is invented.
# Written at each start of the demo. Your own accounts belong into accounts.toml.
"""


@dataclass(frozen=True)
class DemoTenant:
    """One customer: how the stand-in serves it, and what the accounts file says of it."""

    vendor: str
    name: str
    timezone: str
    licenses: int = 1
    account: dict[str, Any] = field(default_factory=dict)
    """Settings of the account beside those that all have."""
    secrets: tuple[str, ...] = ("token",)

    def secret(self, name: str) -> str:
        """Plainly not a secret: it opens nothing but the stand-in."""
        return f"standin-{name}-of-{self.name}"


DEMO_TENANTS = (
    DemoTenant(
        "evolux",
        "demo-evolux",
        "America/Sao_Paulo",
        account={"streams": ["calls", "call_details"]},
    ),
    DemoTenant("conpeek", "demo-conpeek-warsaw", "Europe/Warsaw"),
    DemoTenant("conpeek", "demo-conpeek-london", "Europe/London", account={"country": "GB"}),
    DemoTenant("clickfono", "demo-clickfono", "America/Santiago"),
    DemoTenant(
        "wolkvox",
        "demo-wolkvox",
        "America/Bogota",
        licenses=25,
        account={"licenses": 25, "currency": "COP"},
    ),
    DemoTenant(
        "vono",
        "demo-vono",
        "America/Sao_Paulo",
        account={"streams": ["recordings", "recording_audio"]},
        secrets=("token", "key"),
    ),
)


def register(standin: StandIn) -> None:
    """With the documented limits, and data that grow with the clock."""
    for demo in DEMO_TENANTS:
        standin.tenant(
            demo.vendor,
            demo.name,
            token=demo.secret("token"),
            key=demo.secret("key"),
            timezone=demo.timezone,
            licenses=demo.licenses,
            generated=True,
        )


def write_accounts(path: Path, base_url: str, first_day: date) -> None:
    """An accounts file for the stand-in at `base_url`, and its tokens in a folder beside it."""
    secrets = path.with_name(f"{path.stem}-secrets")
    secrets.mkdir(parents=True, exist_ok=True)
    secrets.chmod(0o700)
    lines = [HEADER]
    for demo in DEMO_TENANTS:
        lines.extend(_account(demo, base_url, first_day, secrets))
    files.write(path, "\n".join(lines))


def _account(demo: DemoTenant, base_url: str, first_day: date, secrets: Path) -> Iterator[str]:
    yield f"[accounts.{demo.name}]"
    yield f"vendor = {_toml(demo.vendor)}"
    yield f"base_url = {_toml(f'{base_url}/{demo.vendor}/{demo.name}')}"
    yield f"timezone = {_toml(demo.timezone)}"
    yield f"start_date = {first_day.isoformat()}"
    for name, value in demo.account.items():
        yield f"{name} = {_toml(value)}"
    for name in demo.secrets:
        file = secrets / f"{demo.name}.{name}"
        files.write(file, demo.secret(name))
        yield f"credentials.{name} = {{ file = {_toml(str(file.resolve()))} }}"
    yield ""


def _toml(value: Any) -> str:
    """JSON's strings, numbers and lists of them are TOML's too."""
    return json.dumps(value, ensure_ascii=False)
