"""An account of each vendor at the stand-ins, whose intervals are shortened."""

from datetime import date
from pathlib import Path
from typing import Any

from resources.standin import StandIn, Tenant
from resources.vendors import discover

SHORT: dict[str, dict[str, Any]] = {"wolkvox": {"min_interval_s": 1.0}}


def write_accounts(path: Path, standin: StandIn, start: date) -> dict[str, Tenant]:
    """Makes the tenants, named as their vendors, and the accounts file that reads them."""
    tenants, lines = {}, []
    for name, vendor in discover().items():
        limits = SHORT.get(name, {})
        tenant = standin.tenant(name, name, timezone="UTC", generated=True, **limits)
        tenants[name] = tenant
        lines += [
            f"[accounts.{name}]", f'vendor = "{name}"', 'timezone = "UTC"',
            f'base_url = "{standin.url(tenant)}"', f"start_date = {start}",
            *(f"limits.{key} = {value}" for key, value in limits.items()),
        ]  # fmt: skip
        for secret in vendor.credentials:
            file = path.with_name(f"{name}.{secret}")
            file.write_text(getattr(tenant, secret), encoding="utf-8")
            lines.append(f'credentials.{secret} = {{ file = "{file}" }}')
    path.write_text("\n".join(lines), encoding="utf-8")
    return tenants
