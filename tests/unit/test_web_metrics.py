"""The metrics as they are served: once collected for all who ask, and for nobody else's pages."""

import asyncio
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from pipelines.web.metrics import (
    ADDRESS,
    Latest,
    address_from_environment,
    metrics_alone,
    serve_alone,
    with_metrics,
)
from resources.embedded.ports import LOOPBACK, free_port, is_taken
from resources.errors import ConfigurationError


class Source:
    """Counts how often it is asked; answers once it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self) -> bytes:
        self.asked += 1
        self.may_answer.wait(30)
        return b"callhouse_up %d\n" % self.asked


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.may_answer.set()


def ask(latest: Latest, patience_s: float = 5) -> bytes:
    return asyncio.run(latest.text(patience_s))


def test_the_tables_are_read_once_for_all_who_ask(source: Source) -> None:
    latest = Latest(source, fresh_s=60)
    assert {ask(latest) for _ in range(3)} == {b"callhouse_up 1\n"}
    stale = Latest(source, fresh_s=0)
    assert {ask(stale), ask(stale)} == {b"callhouse_up 2\n", b"callhouse_up 3\n"}


def test_who_asks_waits_for_no_database_that_hangs(source: Source) -> None:
    source.may_answer.clear()
    latest = Latest(source, fresh_s=0)
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            ask(latest, 0.05)
    assert time.monotonic() - began < 5
    assert source.asked == 1, "one collection at a time"
    source.may_answer.set()
    assert ask(latest).startswith(b"callhouse_up ")


def test_they_are_beside_the_ui() -> None:
    async def ui(scope: object, receive: object, send: object) -> None:
        raise LookupError

    client = TestClient(with_metrics(ui, Latest(lambda: b"callhouse_up 1\n")))
    answer = client.get("/metrics")
    assert answer.text == "callhouse_up 1\n"
    assert answer.headers["content-type"].startswith("text/plain; version=")
    with pytest.raises(LookupError):
        client.get("/metrics/more")


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1:9464", {}, 200),
        ("localhost", {}, 200),
        ("[::1]:9464", {}, 200),
        ("10.1.2.3:9464", {}, 200),
        ("ui:9464", {}, 200),
        ("rebound.example.org:9464", {}, 400),
        ("", {}, 400),
        ("127.0.0.1:9464", {"origin": "https://evil.example.org"}, 403),
        ("127.0.0.1:9464", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
    ],
)
def test_another_sites_page_reads_nothing(host: str, headers: dict[str, str], status: int) -> None:
    app = metrics_alone(Latest(lambda: b"callhouse_up 1\n"), ["127.0.0.1", "localhost", "ui"])
    answer = TestClient(app).get("/metrics", headers={"host": host} | headers)
    assert answer.status_code == status
    assert ("callhouse_up" in answer.text) == (status == 200)
    assert TestClient(app).get("/", headers={"host": "localhost"}).status_code == 404


def test_at_an_address_of_their_own_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert address_from_environment() is None
    monkeypatch.setenv(ADDRESS, f"{LOOPBACK}:{free_port()}")
    address = address_from_environment()
    assert address
    serve_alone(metrics_alone(Latest(lambda: b"callhouse_up 1\n"), [LOOPBACK]), *address)
    deadline = time.monotonic() + 30
    while not is_taken(address[1]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with urllib.request.urlopen(f"http://{LOOPBACK}:{address[1]}/metrics", timeout=30) as answer:
        assert answer.read() == b"callhouse_up 1\n"


@pytest.mark.parametrize("text", ["9464", ":9464", "localhost", "a:b", "u@h:1", "h:70000", "h:1/x"])
def test_what_is_no_address_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, text)
    with pytest.raises(ConfigurationError):
        address_from_environment()
