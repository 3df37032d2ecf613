"""What readers of an account's stream work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from assets.loading.account_stream import AccountStream
from assets.loading.lease import Hold
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.client import Client
from resources.vendor_api.vendor import AnyStream

S_co = TypeVar("S_co", bound=AnyStream, covariant=True)


@dataclass(frozen=True)
class StreamAccess(Generic[S_co]):
    """The vendor's client, and the warehouse. `hold` gets the right to read."""

    source: AccountStream[S_co]
    client: Client
    hold: Hold
    warehouse: Warehouse
    clock: Callable[[], datetime]
