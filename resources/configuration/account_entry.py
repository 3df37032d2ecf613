"""One account's table in `accounts.toml`, and what each of its values may be."""

import re
from datetime import date, datetime
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from resources.account import Distrust
from resources.http.addresses import is_safe

LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
CURRENCY = re.compile(r"[A-Z]{3}")
EARLIEST = date(2000, 1, 1)
WEEK_S = 7 * 86_400
OF_A_HOST = re.compile(r"localtime|posixrules|Factory|(posix|right)/.*")
"""What a host's folder of zones also has: no other knows them, or knows the same by them."""
ABBREVIATIONS = {
    "CET": "Europe/Warsaw",
    "EET": "Europe/Athens",
    "MET": "Europe/Berlin",
    "WET": "Europe/Lisbon",
}
"""Zones with summer time to Python; to Postgres, which looks for abbreviations first, without. And
a place's zone for each.
"""


def _zone(name: str) -> str:
    if place := ABBREVIATIONS.get(name):
        raise ValueError(f"an abbreviation, which has no summer time; write {place}")
    try:
        if OF_A_HOST.fullmatch(name):
            raise ValueError
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; expected a name like America/Bogota") from None
    return name


def _address(url: str) -> str:
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise ValueError("has a character that no address has (of a host's name, write xn--…)")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError("expected a port from 1 to 65535 and a host's name or address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("expected an address like https://example.com")
    if not is_safe(parts):
        raise ValueError("must be https: a token never travels in clear")
    if set(url) & set("?#") or "@" in parts.netloc:
        raise ValueError("must not carry a query, a fragment, a user or a password")
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("expected a port from 1 to 65535")
    if not _is_host(host):
        raise ValueError(f"{host[:80]!r} is no host's name or address")
    return url.rstrip("/")


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        is_number = host.rpartition(".")[2].isdecimal()  # 10.0.0.300, or a number for an address
        return len(host) <= 253 and not is_number and all(map(LABEL.fullmatch, host.split(".")))
    return True


def _start(day: Any) -> Any:
    if isinstance(day, datetime):
        raise ValueError("expected a day like 2026-01-31, without a time")  # noqa: TRY004 - pydantic's
    return day


def _country(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("expected a two-letter country code like CO")
    return code


def _currency(code: str) -> str:
    if not CURRENCY.fullmatch(code):
        raise ValueError("expected a currency of three capital letters like COP")
    return code


class AccountEntry(BaseModel):
    """One `[accounts.<name>]` table as written. What it leaves out, its vendor fills in."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=2_000)

    vendor: str
    base_url: Annotated[str, AfterValidator(_address)]
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    start_date: Annotated[date, BeforeValidator(_start), Field(strict=True, ge=EARLIEST)]
    streams: tuple[str, ...] | None = None
    currency: Annotated[str, AfterValidator(_currency)] | None = None
    country: Annotated[str, AfterValidator(_country)] | None = None
    licenses: int | None = Field(None, strict=True, ge=1, le=1_000_000)
    operation: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    poll_every_s: float | None = Field(None, strict=True, gt=0, le=WEEK_S)
    credentials: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    distrust: Distrust = Distrust()
