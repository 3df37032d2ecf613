"""Lets through what Dagster's UI and scripts send, and nothing that another site's page can send.

Dagster's web server takes mutations by GET and checks neither Host nor Origin: any page that a
browser on this host opens could stop schedules by an image's address, and read logs by a WebSocket.
"""

import os
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = "CALLHOUSE_UI_HOSTS"
"""Names, comma-separated, by which a proxy makes the UI known; `*.example.com` is one, too."""
OWN_HOSTS = ("127.0.0.1", "localhost")
PROBE = "/server_info"
"""Dagster's versions. Kubernetes' probes ask for it by an address, so no Host is asked of it."""
DEFAULT_PORTS = {"http": 80, "https": 443}
READING = {"GET", "HEAD"}
JSON = "application/json"

HEADERS = {
    # Beside Dagster's own policy: a browser obeys both.
    "content-security-policy": (
        "img-src 'self' data: blob:; connect-src 'self'; font-src 'self' data:; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def guarded(app: ASGIApp, hosts: Sequence[str]) -> ASGIApp:
    """`app`, for requests by one of the names `hosts` and from its own pages."""
    guard = Guard(app, hosts)
    named = TrustedHostMiddleware(guard, allowed_hosts=list(hosts), www_redirect=False)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_probe = scope["type"] == "http" and scope["path"] == PROBE
        await (guard if is_probe else named)(scope, receive, send)

    return serve


def hosts_from_environment() -> list[str]:
    """Names of this machine, and those that `CALLHOUSE_UI_HOSTS` adds."""
    added = (name.strip() for name in os.environ.get(HOSTS, "").split(","))
    return [*OWN_HOSTS, *filter(None, added)]


class Guard:
    """Refuses what a foreign page may send: GraphQL by GET, posts that aren't JSON, and whatever
    comes from another origin. Pages can be linked to, but not framed.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._proxied = {host.lower() for host in hosts if host not in OWN_HOSTS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            await PlainTextResponse(refusal[1], refusal[0])(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence for what isn't let through."""
        headers = Headers(scope=scope)
        if not self._is_own(headers):
            return 403, "Callhouse: another site's page may not use this UI."
        if scope["type"] == "websocket":
            return None
        method, is_page = scope["method"], "text/html" in headers.get("accept", "")
        if method not in READING | {"POST"}:
            return 405, "Callhouse: the UI takes GET and POST."
        if method == "POST" and headers.get("content-type", "").partition(";")[0].strip() != JSON:
            return 415, f"Callhouse: posts must be {JSON}."
        if method in READING and scope["path"].endswith("/graphql") and not is_page:
            return 405, f"Callhouse: GraphQL takes POST with {JSON}."
        return None

    def _is_own(self, headers: Headers) -> bool:
        """Whether one of our own pages sends it, or no page at all (a script, a link).

        Browsers name a page's origin with every post and WebSocket, and its site with the rest.
        """
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is not None:
            return self._is_own_origin(origin, headers.get("host", ""))
        return site in ("same-origin", "none") or headers.get("sec-fetch-mode") == "navigate"

    def _is_own_origin(self, origin: str, host: str) -> bool:
        """Host and port are compared, not the scheme: a proxy may end TLS."""
        try:
            parts = urlsplit(origin)
            default = DEFAULT_PORTS[parts.scheme]
            asked = urlsplit(f"//{host}")
            same = (parts.hostname, parts.port or default) == (
                asked.hostname,
                asked.port or default,
            )
        except (KeyError, ValueError):
            return False
        return same or (parts.port is None and (parts.hostname or "") in self._proxied)


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                if name == "content-security-policy":
                    headers.append(name, value)
                else:
                    headers[name] = value
        await send(message)

    return answer
