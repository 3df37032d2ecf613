"""Pieces of work for one account's stream, each failing alone and written down as it ends."""

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.context import LoadContext
from assets.loading.day_state import keep_body
from assets.loading.plan import PROBE_EVERY
from assets.loading.result import Loaded, Result
from assets.loading.stream_state import (
    CredentialOutcome,
    Deferral,
    Failure,
    note_deferred,
    note_failure,
)
from resources.errors import (
    CallhouseError,
    ContractError,
    DeferredError,
    DoubtfulRefusalError,
    OtherSettingsError,
    PermanentError,
    StoppedError,
)
from resources.postgres.errors import in_words, sqlstate
from resources.postgres.warehouse import execute
from resources.text import payload
from resources.text.foreign_text import short
from resources.vendor_api.vendor import AnyStream
from resources.windows import business_day

log = logging.getLogger("callhouse.load")
REFUSALS = 3
"""So many runs in a row that end with a doubtful refusal are taken for a refusal."""


@dataclass(frozen=True, slots=True)
class CredentialState:
    """How the vendor took the account's credential before this run."""

    credential: str
    """Its hash."""
    stopped: bool = False
    refusals: int = 0
    """Runs in a row that ended with a doubtful refusal."""
    lacked_room: bool = False
    """Whether the last run found the database's disk full."""


class StreamRun:
    """Does work and writes down what became of it, in `ops` and in the result."""

    def __init__(
        self,
        context: LoadContext,
        source: AccountStream[AnyStream],
        standing: CredentialState,
    ) -> None:
        self.result = Result(source.account.name, source.stream.name)
        self._context = context
        self._warehouse = context.warehouse
        self._clock = context.clock
        self._source = source
        self._account = source.account
        self._standing = standing
        self._is_outdated = False
        self._lock = threading.Lock()

    @property
    def probes(self) -> bool:
        """Whether a poll only looks if the vendor accepts the credential again."""
        return self._standing.stopped

    @property
    def is_over(self) -> bool:
        """Whether the vendor isn't to be asked for the rest: it refuses the credential, or nothing
        that it says would be written.
        """
        return self.result.stopped or self._is_outdated

    def do(
        self,
        days: tuple[date, ...],
        work: Callable[[Loaded], None],
        live: bool = False,
        rebuilds: date | None = None,
    ) -> None:
        """Does the work for the days, which adds what it loads to the `Loaded` that it is given.
        `live`: it is a poll's, and says when the next one is due. `rebuilds`: a day whose facts
        come from raw alone, so that a failure leaves it as complete as it was. Nothing is begun
        any more once the load is stopping.
        """
        if self._context.stopping.is_set():
            return
        loaded = Loaded()
        try:
            if self._standing.lacked_room:
                self._require_room()
            work(loaded)
        except StoppedError:
            pass  # the load was stopped on purpose: nothing has gone wrong
        except DeferredError as error:
            self.put_off(days, error, live)
        except CallhouseError as error:
            self._fail(days, error, f"{self._account.name}: {error}", live, loaded.accepted)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this account's alone
            # Ours, or the database's. Its text may quote records: where it was raised must do.
            log.error("".join(traceback.format_tb(error.__traceback__)))  # noqa: TRY400
            message = f"{self._account.name}: {_in_words(error)}"
            self._fail(days, error, message, live, loaded.accepted)
        else:
            with self._lock:
                self.result.days |= loaded.days | set(days)
                self.result.read |= set(days) | ({rebuilds} if rebuilds else set())
        with self._lock:
            self.result.loaded.add(loaded)
        self._context.watch(self.result)

    def _require_room(self) -> None:
        """Raises what Postgres does while its disk is full: no vendor is asked for what couldn't be
        written.
        """
        self._warehouse.in_transaction(lambda connection: execute(connection, "load/try_room"))

    def put_off(self, days: tuple[date, ...], error: DeferredError, live: bool) -> None:
        """Writes down that the rest has to wait, what for and until when."""
        deferral = Deferral(days, str(error), error.until, live)
        trouble = ("deferred", deferral.reason)
        with self._lock:
            self.result.deferred_until = deferral.until
            self.result.trouble |= dict.fromkeys(self._concerned(days), trouble)
        self._warehouse.in_transaction(
            lambda connection: note_deferred(connection, self._source, deferral, self._clock())
        )

    def _fail(
        self, days: tuple[date, ...], error: Exception, message: str, live: bool, accepted: bool
    ) -> None:
        """`accepted`: the vendor answered before that."""
        message = short(payload.storable(message))
        now, concerned = self._clock(), self._concerned(days)
        outcome = self._outcome(error, live, accepted)
        stops = outcome.stopped_key is not None
        if stops:
            message += stopped_text(now + PROBE_EVERY)
        with self._lock:
            self.result.error = message
            self.result.stopped |= stops
            self._is_outdated |= isinstance(error, OtherSettingsError)
            self.result.failed_days |= set(days)
            self.result.trouble |= dict.fromkeys(
                concerned, ("stopped" if stops else "failed", message)
            )

        def write(connection: Connection) -> None:
            source = self._source
            note_failure(connection, source, Failure(days, message, live, outcome), now)
            if isinstance(error, ContractError) and error.body:
                keep_body(connection, source, concerned[0], error.body, str(error))

        self._warehouse.in_transaction(write)

    def _outcome(self, error: Exception, live: bool, accepted: bool) -> CredentialOutcome:
        """A refusal stops the stream; so does a doubtful one in the third run. A probe that fails
        otherwise leaves it stopped, unless answers came before.
        """
        refusals = 0
        stops = isinstance(error, PermanentError) or (
            live and self._standing.stopped and not accepted
        )
        if isinstance(error, DoubtfulRefusalError):
            refusals = self._standing.refusals + 1
            stops |= refusals >= REFUSALS
        key = self._standing.credential if stops else None
        return CredentialOutcome(key, accepted and not stops, refusals)

    def _concerned(self, days: tuple[date, ...]) -> tuple[date, ...]:
        return days or (business_day(self._clock(), self._account.timezone),)


def _in_words(error: Exception) -> str:
    kept = "what was read before is kept, the rest is read again"
    if lacks := in_words(error):
        return f"{lacks}; {kept}"
    what = " ".join(filter(None, (type(error).__name__, sqlstate(error))))
    return f"an unexpected {what}; {kept}. The log says where it happened"


def stopped_text(next_probe_at: datetime) -> str:
    """The end of a sentence: what a refusal leads to, and what to do."""
    return (
        "; polls of this account have stopped; probed once an hour, next at "
        f"{next_probe_at:%Y-%m-%d %H:%M} UTC: put a working credential where accounts.toml points, "
        "or run `callhouse check` once the vendor accepts it"
    )
