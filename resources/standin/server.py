"""The stand-in vendors as one small HTTP server: `/<vendor>/<tenant>/…` and `/_standin/…`."""

from __future__ import annotations

import asyncio
import copy
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from resources.standin.admin import admin_routes
from resources.standin.answer import Answer, Api, Ask, RefusalError
from resources.standin.apis import APIS, vono
from resources.standin.clock import Clock
from resources.standin.deliver import Protocol, deliver
from resources.standin.generate import World
from resources.standin.limits import DOCUMENTED, Breach, Limits, Meter
from resources.standin.tenant import Tenant


@dataclass(frozen=True)
class Seen:
    """One request as the stand-in saw it, without credentials."""

    vendor: str
    tenant: str
    report: str
    path: str
    status: int
    started_at: datetime
    started: float
    """By `time.monotonic`, as `ended`: the stand-in's clock may stand still."""
    ended: float


class StandIn:
    """Runs in a thread of a test: `with StandIn() as standin: …`."""

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Clock | None = None,
        stopwatch: Callable[[], float] = time.monotonic,
        seed: str = "demo",
        first_day: date | None = None,
        apis: Mapping[str, Api] = APIS,
    ) -> None:
        self.clock = clock or Clock()
        self._stopwatch = stopwatch
        self.meter = Meter(self.clock, stopwatch)
        self.requests: deque[Seen] = deque(maxlen=100_000)
        self.world = World(seed, first_day, self.clock)
        self._apis = apis
        self.tenants: dict[tuple[str, str], Tenant] = {}
        self._socket = socket.create_server(("127.0.0.1", port))
        # An answer's body waits 40 ms for its head to be acknowledged otherwise.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(self._app(), http=Protocol, lifespan="off", ws="none", log_level="error")
        )
        self._thread = threading.Thread(target=self.run, daemon=True, name="standin")

    @property
    def breaches(self) -> list[Breach]:
        return self.meter.breaches

    def tenant(
        self,
        vendor: str,
        name: str,
        *,
        token: str | None = None,
        key: str | None = None,
        timezone: str | None = None,
        operation: str | None = None,
        licenses: int = 1,
        generated: bool = False,
        **limits: Any,
    ) -> Tenant:
        """Registers a customer; `limits` override the documented ones by name."""
        api, documented = self._apis[vendor], DOCUMENTED.get(vendor, Limits())
        if documented.daily_requests:
            documented = replace(documented, daily_requests=documented.daily_requests * licenses)
        zone = timezone or api.timezone
        tenant = Tenant(
            vendor,
            name,
            api,
            clock=self.clock,
            meter=self.meter,
            limits=replace(documented, **limits),
            token=token or f"standin-{name}",
            key=key or f"standin-key-{name}",
            zone=ZoneInfo(zone),
            operation=operation or name,
            imagination=self.world.tenant(vendor, name, zone) if generated else None,
        )
        self.tenants[vendor, name] = tenant
        return tenant

    def reset(self) -> None:
        """As good as new, for the next test: nobody is known, nothing has been seen."""
        self.tenants.clear()
        self.requests.clear()
        self.meter = Meter(self.clock, self._stopwatch)

    def url(self, tenant: Tenant) -> str:
        """The account's `base_url`."""
        return self.base_url + tenant.path

    # Serving.

    def run(self) -> None:
        """Serves until `stop`; blocks."""
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the stand-in vendors did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _app(self) -> Starlette:
        return Starlette(routes=[*admin_routes(self), Mount("/", app=self._vendor)])

    async def _vendor(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request to one tenant, from its limits through its faults to the wire."""
        vendor, _, rest = scope["path"].lstrip("/").partition("/")
        name, _, path = rest.partition("/")
        tenant = self.tenants.get((vendor, name))
        if tenant is None:
            answer = Answer(404, {"error": "no such tenant"})
            await deliver(answer, scope, receive, send, lambda _: None)
            return

        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        text = scope["query_string"].decode("latin-1")
        base = f"http://{headers.get('host', '')}{tenant.path}"
        is_post = scope["method"] == "POST" and path in tenant.api.posts
        body = await Request(scope, receive).body() if is_post else b""
        ask = Ask(path, dict(parse_qsl(text, keep_blank_values=True)), headers, base, body)
        report, log = tenant.api.report(ask), self._log(tenant, ask, text)
        if scope["method"] != "GET" and not is_post:
            answer = self._forbid(tenant, scope["method"], path)
            await deliver(answer, scope, receive, send, log)
            return
        with self.meter.request(tenant, report) as broken:
            answer = self._answer(tenant, report, ask, broken)
            await deliver(answer, scope, receive, send, log)

    def _log(self, tenant: Tenant, ask: Ask, query: str) -> Callable[[int], None]:
        """Writes the request down, when its status is known."""
        started_at, started = self.clock.now(), time.monotonic()
        path = f"{ask.path}?{query}" if query else ask.path

        def log(status: int) -> None:
            self.requests.append(
                Seen(
                    tenant.vendor,
                    tenant.name,
                    tenant.api.report(ask),
                    vono.redact(path) if tenant.vendor == "vono" else path,
                    status,
                    started_at,
                    started,
                    time.monotonic(),
                )
            )

        return log

    def _answer(self, tenant: Tenant, report: str, ask: Ask, broken: list[str]) -> Answer:
        faults = tenant.faults(report, ask)
        for fault in faults:
            ask = fault.misread(ask)
        ask = tenant.read(ask)
        try:
            answer = tenant.api.refuse(tenant, ask) or next(
                filter(None, map(tenant.api.over_limit, broken)), None
            )
            answer = answer or tenant.serve(tenant, ask)
        except RefusalError as refusal:
            answer = refusal.answer
        if faults:
            answer.rows[:] = copy.deepcopy(answer.rows)
        for fault in faults:
            fault.spoil(answer)
        answer.delay_s += tenant.latency_s
        if (limit := tenant.limits.timeout_s) and answer.delay_s > limit:
            return Answer(504, delay_s=limit)
        return answer

    def _forbid(self, tenant: Tenant, method: str, path: str) -> Answer:
        """Nothing here can be written or deleted; that somebody tried is the gravest breach."""
        where = vono.redact(path) if tenant.vendor == "vono" else path
        self.meter.breach(tenant, "method", f"{method} {where}")
        return Answer(405, {"error": "GET only"}, headers={"allow": "GET"})
