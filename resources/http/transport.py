"""The process's connections to vendors. No other module imports httpx."""

import logging
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import httpcore
import httpx

from resources.errors import ConfigurationError
from resources.http import content, wire
from resources.http.addresses import LOOPBACK_HOSTS
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
_BROKEN = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
)
_UNUSABLE = (ImportError, ValueError, httpx.InvalidURL)
"""What httpx raises for a proxy that it can't use; its text may quote a password."""
_ORIGIN = re.compile(r"[^/]*//[^/?#]*")
_PROXY = re.compile("(https?|all)_proxy", re.IGNORECASE)
_PLAIN = re.compile(r"/(?:[\w~!$&()*+,;=:@/?-]|(?<!/)\.|%[0-9A-Fa-f]{2})*", re.ASCII)
"""A path and query that are sent as they are; others httpx knows how to spell."""


@dataclass(frozen=True, slots=True)
class _Server:
    """Where requests go: the connections to it, directly or by the environment's proxy."""

    connections: httpcore.ConnectionPool
    scheme: bytes
    host: bytes
    port: int | None
    name: bytes
    """As its header has it."""

    def request(
        self, method: str, target: str | bytes, headers: Mapping[str, str], body: bytes | None
    ) -> httpcore.Request:
        """A request to it."""
        sent: dict[str, str | bytes] = {"host": self.name, **headers}
        if body is not None:
            sent["content-length"] = str(len(body))
        url = httpcore.URL(scheme=self.scheme, host=self.host, port=self.port, target=target)
        return httpcore.Request(method, url, headers=list(sent.items()), content=body)


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


def _client(by_proxy: bool = True) -> httpx.Client:
    """Connections, by the environment's proxies or by none. Raises what is _UNUSABLE."""
    return httpx.Client(
        verify=_authorities(),
        trust_env=by_proxy,
        timeout=None,  # noqa: S113 - `wire` keeps the time
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
    )


def _proxy_fault() -> str:
    """Which of the environment's proxies can't be used, without what they may hold of secrets."""
    proxies = [name for name, value in os.environ.items() if value and _PROXY.fullmatch(name)]
    if wrong := [name for name in proxies if not _is_usable(os.environ[name])]:
        return f"{', '.join(wrong)}: expected http://host:port; no other kind of proxy can be used"
    return "NO_PROXY: expected hosts, comma-separated; of IPv6 single addresses, without brackets"


def _is_usable(proxy: str) -> bool:
    try:
        httpx.HTTPTransport(proxy=proxy if "://" in proxy else f"http://{proxy}").close()
    except _UNUSABLE:
        return False
    return True


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
        self._servers: dict[str, _Server] = {}
        self._proxy_fault: str | None = None
        try:
            self._client = _client()
        except _UNUSABLE:  # told to whoever would go by it: this machine is reached without
            self._proxy_fault = _proxy_fault()
            self._client = _client(by_proxy=False)
        for transport in (self._client._transport, *self._client._mounts.values()):  # noqa: SLF001
            if isinstance(
                transport, httpx.HTTPTransport
            ):  # directly, or by the environment's proxy
                transport._pool._network_backend = wire.Backend()  # noqa: SLF001 - no other way in

    @contextmanager
    def ask(
        self, url: str, headers: Mapping[str, str], body: bytes | None, exchange: wire.Exchange
    ) -> Iterator[httpcore.Response]:
        """A streamed GET; a POST with a body. Raises BrokenExchangeError, or as `exchange` does;
        ConfigurationError where the environment's proxies can't be used.

        Straight to the connections: what httpx does around them (cookies, redirects, URLs, headers
        and answers of its own) takes twice as long as they do.
        """
        try:
            origin = url[: match.end()] if (match := _ORIGIN.match(url)) else url
            path = url[len(origin) :]
            target = path if _PLAIN.fullmatch(path) else httpx.URL(url).raw_path
            server = self._server(origin)
            method = "GET" if body is None else "POST"
            request = server.request(method, target, {**HEADERS, **headers}, body)
            with wire.governed_by(exchange):
                response = server.connections.handle_request(request)
                try:
                    exchange.has_head = True
                    yield response
                finally:
                    response.close()
        except _BROKEN as error:
            raise BrokenExchangeError(f"{type(error).__name__}: {error}") from None

    def _server(self, origin: str) -> _Server:
        if (known := self._servers.get(origin)) is None:
            url = httpx.URL(origin)
            if url.host in LOOPBACK_HOSTS:  # else a token would leave this machine in clear
                transport = self._client._transport  # noqa: SLF001
            elif self._proxy_fault:
                raise ConfigurationError([self._proxy_fault])
            else:
                transport = self._client._transport_for_url(url)  # noqa: SLF001 - the proxy's
            connections = transport._pool  # type: ignore[attr-defined]  # noqa: SLF001
            known = _Server(connections, url.raw_scheme, url.raw_host, url.port, url.netloc)
            self._servers[origin] = known
        return known

    def close(self) -> None:
        """Closes every connection."""
        self._client.close()


def headers_of(response: httpcore.Response) -> dict[str, str]:
    """The answer's headers by their names in lower case; several of one name in one, as a list."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
