"""Celery's consumer, with its runs whole when the broker goes away."""

import logging
from typing import Any

from celery.worker.consumer import Consumer

logger = logging.getLogger("callhouse.worker")


class LastingConsumer(Consumer):  # type: ignore[misc]
    """Celery closes a lost connection twice. When the first time has failed halfway, kombu 5.7
    needs the second time what it threw away the first: an AttributeError, at which Celery ends the
    worker, and its runs with it. The connection is gone by then, as it should be.
    """

    def on_connection_error_after_connected(self, exc: Any) -> None:
        """Lets go of the connection; Celery then makes another."""
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError as error:
            logger.warning("The broker's connection was closed twice: %s", error)
            # What comes after it: there is no connection left to close.
            super().on_connection_error_after_connected(exc)
