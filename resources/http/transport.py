"""The process's connections to vendors. No other module imports httpx."""

import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import httpx

from resources.http import content, wire
from resources.http.auth import Tokens

# httpx logs whole URLs at INFO, and Vono's credentials are in the path.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


HEADERS = {
    "user-agent": "callhouse",
    "accept": "application/json",
    "accept-encoding": content.ACCEPTED,
    "connection": "keep-alive",
    "cache-control": "no-cache",
}
"""Of every request, but for those that it says otherwise, in lower case."""


class BrokenExchangeError(Exception):
    """An exchange that ended before its time. Unlike httpx's exceptions it doesn't hold the
    request, with its URL and headers.
    """


def _authorities() -> ssl.SSLContext:
    """Those that vouch for vendors: the system's, or where the environment says."""
    paths = ssl.get_default_verify_paths()
    return _read_authorities(
        *((path, Path(path).stat().st_mtime_ns) for path in (paths.cafile, paths.capath) if path)
    )


@lru_cache(maxsize=1)
def _read_authorities(*_places: tuple[str, int]) -> ssl.SSLContext:
    """Kept while they are as they were: to read them takes longer than a request."""
    return ssl.create_default_context()


class Transport:
    """The process's connections to vendors, shared by all accounts. No cookies, no redirects.
    `tokens` are those that the vendors gave it.

    How many there are is the limiter's matter: a request that waited here would lose its time.
    """

    def __init__(self) -> None:
        self.tokens = Tokens()
        self._client = httpx.Client(
            verify=_authorities(),
            timeout=None,  # noqa: S113 - `wire` keeps the time
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
        )
        for transport in (self._client._transport, *self._client._mounts.values()):  # noqa: SLF001
            if isinstance(
                transport, httpx.HTTPTransport
            ):  # directly, or by the environment's proxy
                transport._pool._network_backend = wire.Backend()  # noqa: SLF001 - no other way in

    @contextmanager
    def ask(
        self, url: str, headers: Mapping[str, str], body: bytes | None, exchange: wire.Exchange
    ) -> Iterator[httpx.Response]:
        """A streamed GET; a POST with a body. Raises BrokenExchangeError, or as `exchange` does.

        Straight to the connections: what a client does around them (cookies, redirects, its own
        headers) takes longer than they do.
        """
        method = "GET" if body is None else "POST"
        try:
            request = httpx.Request(method, url, headers={**HEADERS, **headers}, content=body)
            connections = self._client._transport_for_url(request.url)  # noqa: SLF001 - the proxy's
            with wire.governed_by(exchange):
                response = connections.handle_request(request)
                try:
                    exchange.has_head = True
                    yield response
                finally:
                    response.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BrokenExchangeError(f"{type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Closes every connection."""
        self._client.close()
