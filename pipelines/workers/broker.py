"""Celery as Callhouse uses it: the same settings for whoever sends runs and whoever takes them."""

import socket
import ssl
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from dagster_celery.make_app import make_app

from pipelines.workers.queues import Queue

LONGEST_RUN_S = 86_400
"""As `dagster.yaml` says."""
VISIBLE_AGAIN_S = LONGEST_RUN_S + 3_600
"""When the broker gives a run that nobody has acknowledged to another worker. Run monitoring has
repeated lost runs long before; any sooner, the broker would hand out runs that are at work."""
ASK_EVERY_S = 5
"""How long a worker's question for a run stands before it asks again. A run is handed out at once,
and a worker that ends waits for the answer."""
CUT_OFF_MS = 20_000
"""Without an answer for so long a connection counts as cut."""


def make_broker(url: str) -> Celery:
    """The broker at `redis://…`, or at `rediss://…` with TLS."""
    broker: Celery = make_app({"broker": url, "backend": None})  # type: ignore[no-untyped-call]
    broker.conf.update(
        # Of what comes nothing is executed: pickle isn't even accepted.
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue=Queue.BACKFILLS.value,
        task_routes=None,
        task_queues=None,
        # A run is taken when there is a process for it, and acknowledged when it is over.
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        task_publish_retry_policy={"max_retries": 3, "interval_start": 0, "interval_step": 0.5},
        broker_transport_options={
            "visibility_timeout": VISIBLE_AGAIN_S,
            "polling_interval": ASK_EVERY_S,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "socket_keepalive_options": _keepalive(),
            "max_retries": 3,
            "interval_start": 0,
            "interval_step": 0.5,
        },
    )
    if url.startswith("rediss:"):
        broker.conf.broker_use_ssl = _tls(url)
    return broker


def _keepalive() -> dict[int, int]:
    """Linux ends a connection by itself whose other side is gone."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    return {option: CUT_OFF_MS} if option is not None else {}


def _tls(url: str) -> dict[str, object]:
    """The broker's certificate is checked, against the system's authorities or those of a file that
    the URL names (`?ssl_ca_certs=/etc/ssl/own-ca.pem`).
    """
    asked = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
    files = {name: asked[name] for name in TLS_FILES if name in asked}
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True, **files}


TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
