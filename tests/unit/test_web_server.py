"""The web server's wait for its end."""

import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from typing import Any

import pytest
import uvicorn

from pipelines import health
from pipelines.web.__main__ import END_S, wait_for_end
from resources.embedded.ports import LOOPBACK, free_port
from tests.waiting import wait_until


async def app(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def test_it_looks_seldom_and_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn.Server, "main_loop", wait_for_end)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, lifespan="off"))
    ticks: list[float] = []
    tick = server.on_tick

    async def counted(counter: int) -> bool:
        ticks.append(time.monotonic())
        return await tick(counter)

    monkeypatch.setattr(server, "on_tick", counted)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, 10)
    time.sleep(END_S)  # so that there are two looks at least
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}") as answer:
        assert answer.headers["date"]
    server.should_exit = True
    thread.join(END_S + 5)
    assert not thread.is_alive()
    assert min(later - earlier for earlier, later in pairwise(ticks)) >= END_S * 0.9


def test_its_health_is_asked_for_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    monkeypatch.setenv("http_proxy", f"http://{LOOPBACK}:1")
    with HTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        health.ui(str(server.server_port))
        thread.join()
