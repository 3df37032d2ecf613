"""The guard before Dagster's UI: what its own pages and scripts send passes, nothing else."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from pipelines.web.guard import guarded

UI = "http://127.0.0.1:3000"
SOCKET = "ws://127.0.0.1:3000/graphql"
JSON = {"content-type": "application/json"}
MUTATION = "/graphql?query=mutation{wipeAssets{__typename}}"


async def _anything(_: Request) -> Response:
    return PlainTextResponse("reached", headers={"content-security-policy": "script-src 'none'"})


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("reached")
    await socket.close()


def client(*hosts: str) -> TestClient:
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
    app = Starlette(
        routes=[
            WebSocketRoute("/graphql", _socket),
            Route("/{path:path}", _anything, methods=methods),
        ]
    )
    return TestClient(guarded(app, ["127.0.0.1", "localhost", *hosts]), base_url=UI)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {"accept": "text/html"}),
        ("GET", "/assets/a", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
        ("GET", "/logs/1", {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}),
        ("GET", "/graphql", {"accept": "text/html"}),
        ("POST", "/graphql", JSON),
        ("POST", "/graphql", {"content-type": "application/json; charset=utf-8", "origin": UI}),
        ("POST", "/report_asset_materialization/a", JSON),
    ],
)
def test_what_the_ui_and_scripts_send_passes(
    method: str, path: str, headers: dict[str, str]
) -> None:
    assert client().request(method, path, headers=headers).text == "reached"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", MUTATION, {"accept": "image/*,*/*"}, 405),
        ("HEAD", MUTATION, {}, 405),
        ("GET", "/prefix/graphql?query={version}", {}, 405),
        ("GET", "/logs/1", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        # Another port of this machine is the same site, but not the same origin.
        ("GET", "/logs/1", {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}, 403),
        ("POST", "/graphql", {"content-type": "text/plain"}, 415),
        ("POST", "/graphql", {"content-type": "application/graphql"}, 415),
        ("POST", MUTATION, {}, 415),
        ("POST", "/graphql", {"content-type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/report_asset_check/a", {"content-type": "text/plain"}, 415),
        ("POST", "/graphql", JSON | {"origin": "http://evil.example"}, 403),
        ("POST", "/graphql", JSON | {"origin": "http://127.0.0.1:8000"}, 403),
        ("POST", "/graphql", JSON | {"origin": "http://127.0.0.1"}, 403),
        ("POST", "/graphql", JSON | {"origin": "http://localhost:3000"}, 403),
        ("POST", "/graphql", JSON | {"origin": "null"}, 403),
        ("POST", "/graphql", JSON | {"origin": "http://127.0.0.1:3000.evil.example"}, 403),
        ("POST", "/graphql", JSON | {"origin": "http://127.0.0.1:99999"}, 403),
        ("PUT", "/graphql", JSON, 405),
        ("DELETE", "/assets/a", {}, 405),
        ("OPTIONS", "/graphql", {"origin": UI}, 405),
        # A name that an attacker made point to this machine.
        ("GET", "/", {"host": "evil.example:3000"}, 400),
        ("POST", "/graphql", JSON | {"host": "evil.example", "origin": "http://evil.example"}, 400),
        ("GET", "/", {"host": "127.0.0.1.evil.example"}, 400),
    ],
)
def test_what_another_page_can_send_is_refused(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client().request(method, path, headers=headers)
    assert (answer.status_code, "reached" in answer.text) == (status, False)


def test_a_probe_may_come_by_any_address() -> None:
    assert client().get("/server_info", headers={"host": "10.0.0.7:80"}).text == "reached"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "calls.example.com", "origin": "https://calls.example.com"},
        {"host": "calls.example.com:443", "origin": "https://calls.example.com"},
        # A proxy that asks by the name of the container, which it may when that is named.
        {"host": "ui:3000", "origin": "https://calls.example.com"},
    ],
)
def test_a_proxy_may_make_the_ui_known_by_another_name(headers: dict[str, str]) -> None:
    ours = client("calls.example.com", "ui")
    assert ours.post("/graphql", headers=JSON | headers).text == "reached"
    assert client().post("/graphql", headers=JSON | headers).status_code == 400
    evil = JSON | headers | {"origin": "https://evil.example.com"}
    assert ours.post("/graphql", headers=evil).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:8000", "null"])
def test_a_foreign_page_opens_no_socket(origin: str) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client().websocket_connect(SOCKET, headers={"origin": origin}),
    ):
        pass
    assert refused.value.code == 1008
    with client().websocket_connect(SOCKET, headers={"origin": UI}) as socket:
        assert socket.receive_text() == "reached"


def test_pages_load_and_ask_only_here_and_are_framed_nowhere() -> None:
    headers = client().get("/").headers
    policies = headers.get_list("content-security-policy")
    assert policies[0] == "script-src 'none'", "Dagster's own stays"
    for rule in ("img-src 'self' data: blob:", "connect-src 'self'", "frame-ancestors 'none'"):
        assert rule in policies[1]
    assert headers["x-frame-options"] == "DENY"
