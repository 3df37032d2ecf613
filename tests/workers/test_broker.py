"""The broker behind a password and TLS."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery.worker.consumer import Consumer
from celery.worker.consumer import consumer as module
from kombu.exceptions import OperationalError

from pipelines.workers.broker import ASK_EVERY_S, make_broker
from pipelines.workers.consumer import LastingConsumer
from resources.configuration.broker import BrokerError, require_broker
from resources.embedded.ports import LOOPBACK, free_port
from tests.workers.redis_server import PASSWORD, RedisServer, needs_redis

OPENSSL = shutil.which("openssl")
pytestmark = [needs_redis, pytest.mark.skipif(OPENSSL is None, reason="openssl isn't installed")]


def certificate(folder: Path, name: str) -> Path:
    """One that vouches for itself on loopback; its key is beside it."""
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = [
        str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=broker", "-addext", f"subjectAltName=IP:{LOOPBACK}",
        "-keyout", str(key), "-out", str(made),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return made


class TlsRedisServer(RedisServer):
    """It speaks TLS on a port more, by the certificate."""

    def __init__(self, made: Path) -> None:
        super().__init__()
        self._certificate = made
        self._tls_port = free_port()

    def options(self) -> list[str]:
        key = self._certificate.with_suffix(".key")
        return [
            "--tls-port", str(self._tls_port), "--tls-auth-clients", "no",
            "--tls-cert-file", str(self._certificate), "--tls-key-file", str(key),
        ]  # fmt: skip

    def tls_url(self, authority: Path) -> str:
        """Over TLS, by whom it trusts."""
        plain = self.url().replace("redis:", "rediss:")
        address = plain.replace(f":{self.port}/", f":{self._tls_port}/")
        return f"{address}?ssl_ca_certs={authority}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TlsRedisServer]:
    with TlsRedisServer(certificate(tmp_path, "broker")) as server:
        yield server


def test_runs_are_sent_over_tls_to_whom_the_authority_knows(
    server: TlsRedisServer, tmp_path: Path
) -> None:
    url = server.tls_url(tmp_path / "broker.pem")
    require_broker(url)
    broker = make_broker(url)
    broker.send_task("execute_job", kwargs={"a": "run"}, queue="polls")
    with server.client() as client:
        assert client.llen("polls") == 1
    with broker.connection_for_read() as connection:
        message = connection.SimpleQueue("polls").get(timeout=5)
        assert message.payload[1] == {"a": "run"}
        message.ack()

    stranger = server.tls_url(certificate(tmp_path, "stranger"))
    with pytest.raises(BrokerError, match="CERTIFICATE_VERIFY_FAILED"):
        require_broker(stranger)
    with (
        pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED"),
        make_broker(stranger).connection_for_write() as connection,
    ):
        connection.ensure_connection(max_retries=1)


def test_a_wrong_password_is_told_without_it(server: TlsRedisServer) -> None:
    with pytest.raises(BrokerError, match="invalid username-password") as caught:
        require_broker(server.url().replace(PASSWORD[:3], "wrong"))
    assert "wrong" not in str(caught.value)
    assert f"{LOOPBACK}:{server.port}" in str(caught.value)


def _lost(consumer: Consumer) -> None:
    """The broker goes away while it has a run that nobody has acknowledged, and is being asked for
    more.
    """
    with RedisServer() as server:
        consumer.app = make_broker(server.url())
        consumer.app.send_task("execute_job", queue="polls")
        connection = consumer.connection = consumer.app.connection_for_read()
        taken: list[object] = []
        for channel in (connection.default_channel, connection.channel()):
            channel.queue_declare("polls")
            channel.basic_consume("polls", False, taken.append, "a worker")
            while not taken:
                connection.drain_events(timeout=5)
            connection.transport.cycle._register_BRPOP(channel)
    consumer.on_connection_error_after_connected(ConnectionError("lost"))


@pytest.mark.filterwarnings("ignore::celery.exceptions.CPendingDeprecationWarning")
def test_a_worker_outlives_a_broker_that_is_away_for_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Celery's own consumer ends the worker there, and interrupts its runs. This one keeps them,
    and takes no more than it has processes for.
    """
    with pytest.raises(AttributeError):
        _lost(Consumer.__new__(Consumer))
    consumer = LastingConsumer.__new__(LastingConsumer)
    consumer.pool = SimpleNamespace(num_processes=3)
    consumer.prefetch_multiplier = 1
    consumer.qos_global = None
    at_work = [SimpleNamespace() for _ in range(2)]
    monkeypatch.setattr(module, "active_requests", at_work)
    _lost(consumer)
    assert consumer.connection is None
    assert consumer.initial_prefetch_count == 1


def test_a_worker_without_runs_asks_seldom() -> None:
    asks = make_broker("redis://127.0.0.1:1/0").connection_for_read().transport
    assert asks.brpop_timeout == ASK_EVERY_S
