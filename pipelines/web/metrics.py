"""`/metrics` for Prometheus: beside the UI, for whoever may see that; and at an address of its own,
where nothing but it is served.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import ip_address
from urllib.parse import urlsplit

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.web.guard import guarded
from resources.errors import ConfigurationError

PATH = "/metrics"
ADDRESS = "CALLHOUSE_METRICS_ADDRESS"
"""`host:port` at which the metrics alone are served. Without it they are beside the UI only."""
FRESH_S = 10.0
"""Whoever asks again within it gets the same: many may ask, the tables are read once."""
PATIENCE_S = 9.0
"""Prometheus itself waits for ten seconds, if it isn't told otherwise."""


class Latest:
    """The newest text. One thread of its own collects it, so that nobody else ever waits for a
    database that hangs.
    """

    def __init__(self, collect: Callable[[], bytes], fresh_s: float = FRESH_S) -> None:
        self._collect = collect
        self._fresh_s = fresh_s
        self._thread = ThreadPoolExecutor(1, "metrics")
        self._lock = threading.Lock()
        self._text: Future[bytes] | None = None
        self._since = 0.0

    def _asked(self) -> Future[bytes]:
        with self._lock:
            is_old = time.monotonic() - self._since > self._fresh_s
            if self._text is None or (self._text.done() and is_old):
                self._since = time.monotonic()
                self._text = self._thread.submit(self._collect)
            return self._text

    async def text(self, patience_s: float = PATIENCE_S) -> bytes:
        """Raises TimeoutError when it doesn't come in that time; it is collected all the same."""
        asked = asyncio.wrap_future(self._asked())
        return await asyncio.wait_for(asyncio.shield(asked), patience_s)


def with_metrics(app: ASGIApp, latest: Latest) -> ASGIApp:
    """`app`, and the metrics at a path of its own, which it has no page at."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_asked_for = scope["type"] == "http" and scope["path"] == PATH
        await (await _response(latest) if is_asked_for else app)(scope, receive, send)

    return serve


async def _response(latest: Latest) -> Response:
    headers = {"cache-control": "no-store"}
    try:
        text = await latest.text()
    except TimeoutError:
        return PlainTextResponse("Callhouse: the figures don't come in time.", 503, headers)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers=headers)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await PlainTextResponse(f"Callhouse: only {PATH} is here.", 404)(scope, receive, send)


def metrics_alone(latest: Latest, hosts: Sequence[str]) -> ASGIApp:
    """The metrics and nothing else, for requests by one of the names `hosts` or by an address: a
    page that has its own name point here can't read them.
    """
    app = with_metrics(_nothing, latest)
    named, by_address = guarded(app, hosts), guarded(app, ["*"])

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
            await (by_address if _is_address(host) else named)(scope, receive, send)

    return serve


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def address_from_environment() -> tuple[str, int] | None:
    """Where to serve the metrics alone. Raises ConfigurationError for what is no address."""
    text = os.environ.get(ADDRESS)
    if not text:
        return None
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.netloc != text or "@" in text:
        raise ConfigurationError([f"{ADDRESS}: expected host:port, such as 127.0.0.1:9464"])
    return host, port


def serve_alone(app: ASGIApp, host: str, port: int) -> None:
    """Serves from a thread of its own, as long as this process lives."""
    settings = uvicorn.Config(
        app, host, port, log_level="warning", access_log=False, lifespan="off"
    )
    threading.Thread(target=uvicorn.Server(settings).run, name="metrics", daemon=True).start()
