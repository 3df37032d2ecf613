"""The web server's wait for its end."""

import threading
import time
import urllib.request
from typing import Any

import pytest
import uvicorn

from pipelines.web.__main__ import END_S, wait_for_end
from resources.embedded.ports import LOOPBACK, free_port
from tests.waiting import wait_until


async def app(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def test_it_looks_seldom_and_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn.Server, "main_loop", wait_for_end)
    ticks: list[int] = []
    tick = uvicorn.Server.on_tick

    async def counted(server: uvicorn.Server, counter: int) -> bool:
        ticks.append(counter)
        return await tick(server, counter)

    monkeypatch.setattr(uvicorn.Server, "on_tick", counted)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, 10)
    time.sleep(END_S)
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}") as answer:
        assert answer.headers["date"]
    server.should_exit = True
    thread.join(END_S + 5)
    assert not thread.is_alive()
    assert len(ticks) <= 4
