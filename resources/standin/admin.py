"""The stand-in's own door, for other processes: health, what it saw, faults, quirks, clock,
tenants.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.standin.faults import Fault
from resources.standin.quirks import Quirk

if TYPE_CHECKING:
    from resources.standin.server import StandIn


def _json(payload: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(payload), status, media_type="application/json")


def _all(items: Iterable[Any]) -> Response:
    return _json([asdict(item) for item in list(items)])


def admin_routes(standin: StandIn) -> list[Route]:
    """The bodies are the keyword arguments of the methods that they stand for."""

    async def health(_: Request) -> Response:
        return _json(
            {
                "stand_in": True,
                "now": standin.clock.now(),
                "tenants": [t.path for t in standin.tenants.values()],
            }
        )

    async def breaches(_: Request) -> Response:
        return _all(standin.breaches)

    async def requests(_: Request) -> Response:
        return _all(standin.requests)

    async def clock(request: Request) -> Response:
        """`{"set": "<ISO instant>"}`, `{"advance_s": 60}` or `{}` for real time."""
        wish = await request.json()
        if "set" in wish:
            standin.clock.set(datetime.fromisoformat(wish["set"]))
        elif "advance_s" in wish:
            standin.clock.advance(timedelta(seconds=wish["advance_s"]))
        else:
            standin.clock.run()
        return _json({"now": standin.clock.now()})

    async def tenants(request: Request) -> Response:
        """`{"vendor": …, "name": …, "token": …, "generated": true, "min_interval_s": 1, …}`."""
        wish = await request.json()
        latency_s, records = wish.pop("latency_s", 0.0), wish.pop("records", [])
        tenant = standin.tenant(wish.pop("vendor"), wish.pop("name"), **wish)
        tenant.latency_s = latency_s
        tenant.put(records)
        return _json({"base_url": standin.url(tenant)}, 201)

    async def faults(request: Request) -> Response:
        """`{"vendor": …, "tenant": …, "fault": "status", "with": {"code": 503}, "times": 2}`."""
        wish = await request.json()
        tenant = standin.tenants[wish.pop("vendor"), wish.pop("tenant")]
        fault = getattr(Fault, wish.pop("fault"))(**wish.pop("with", {}))
        tenant.arm(fault, **wish)
        return _json({"armed": fault.name}, 201)

    async def quirks(request: Request) -> Response:
        """`{"vendor": …, "tenant": …, "quirks": [{"quirk": "page_cap", "with": {"size": 9}}]}`."""
        wish = await request.json()
        tenant = standin.tenants[wish["vendor"], wish["tenant"]]
        found = [Quirk.named(one["quirk"], **one.get("with", {})) for one in wish["quirks"]]
        tenant.behave(*found)
        return _json({"quirks": [quirk.name for quirk in found]}, 201)

    return [
        Route("/_standin/health", health),
        Route("/_standin/breaches", breaches),
        Route("/_standin/requests", requests),
        Route("/_standin/clock", clock, methods=["POST"]),
        Route("/_standin/tenants", tenants, methods=["POST"]),
        Route("/_standin/faults", faults, methods=["POST"]),
        Route("/_standin/quirks", quirks, methods=["POST"]),
    ]
