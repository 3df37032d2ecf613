"""Readers of one vendor's streams, and what they share: connections, permits, leases."""

from functools import partial
from typing import NamedTuple

from assets.loading.access import StreamAccess
from assets.loading.account_stream import AccountStream, S
from assets.loading.backfill_progress import BackfillProgress
from assets.loading.context import LoadContext
from assets.loading.details.read import DetailReader
from assets.loading.lease import ReadLeases
from assets.loading.personal.hidden import hide, hider
from assets.loading.plan import StreamState
from assets.loading.window.read import WindowReader
from assets.loading.window.size import WindowSize
from resources.account import Account
from resources.http.client import Http
from resources.http.permits import Limiter, Patience
from resources.http.transport import Transport
from resources.vendor_api.largest_page import LargestPage
from resources.vendor_api.vendor import DetailStream, Stream, Vendor


class Learned(NamedTuple):
    """What the vendor's server has taught of its answers to one account's stream."""

    page: LargestPage
    window: WindowSize


class Readers:
    """Makes readers of a vendor's streams. `stop` and `close` end what they hold."""

    def __init__(self, context: LoadContext, vendor: Vendor) -> None:
        self.warehouse = context.warehouse
        self.clock = context.clock
        self.stopping = context.stopping
        self.progress = BackfillProgress(context)
        self.limiter = Limiter(
            context.warehouse,
            context.run_id,
            on_wait=self.progress.waits,
            stopping=context.stopping,
            hide=hide,
        )
        self._vendor = vendor
        self._leases = ReadLeases(context)
        self._transport = Transport()

    def stop(self) -> None:
        """Nothing is begun any more, and requests under way are called off."""
        self.stopping.set()
        self.limiter.close()

    def end_waits(self) -> None:
        """Ends all waits for a permit."""
        self.limiter.close()

    def close(self) -> None:
        """Lets go of the connections to vendors."""
        self.limiter.close()
        self._leases.close()
        self._transport.close()

    def credential(self, account: Account) -> str:
        """The hash of the account's credential."""
        return self.limiter.credential(account)

    def learned(self, source: AccountStream[Stream], state: StreamState) -> Learned:
        """What is known of the server's answers, to be shared by all readers of the source."""
        return Learned(
            LargestPage(state.largest_page or 0),
            WindowSize(self.warehouse, source, state.window_days),
        )

    def windows(
        self, source: AccountStream[Stream], patience: Patience, learned: Learned
    ) -> WindowReader:
        """A reader of the source's windows."""
        return WindowReader(self._access(source, patience, learned.page), learned.window)

    def details(self, source: AccountStream[DetailStream], patience: Patience) -> DetailReader:
        """A reader of the source's details."""
        parent = self._vendor.stream(source.stream.of)
        assert isinstance(parent, Stream)
        return DetailReader(self._access(source, patience, LargestPage()), parent, patience)

    def _access(
        self, source: AccountStream[S], patience: Patience, largest: LargestPage
    ) -> StreamAccess[S]:
        account, stream = source.account, source.stream
        http = Http(
            self._transport,
            self.limiter,
            account,
            stream.name,
            patience,
            stream.searches,
            hide=hider(self.warehouse, account),
        )
        return StreamAccess(
            source=source,
            client=self._vendor.client(account, http, largest),
            hold=partial(self._leases.hold, source, patience),
            warehouse=self.warehouse,
            clock=self.clock,
        )
