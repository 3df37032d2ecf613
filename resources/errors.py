"""Errors are named for what to do next; nothing here knows a vendor or a database."""

from datetime import UTC, datetime, timedelta


class CallhouseError(Exception):
    """Whatever Callhouse raises on purpose: its text is a sentence an operator can act on."""


class ConfigurationError(CallhouseError):
    """The accounts file or the environment is wrong; nothing has been started."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class ClockError(CallhouseError):
    """The host's clock and the database's disagree: nothing is loaded until they agree."""

    def __init__(self, here: datetime, there: datetime) -> None:
        seconds = round((here - there).total_seconds())
        how = "ahead of" if seconds > 0 else "behind"
        here, there = here.astimezone(UTC), there.astimezone(UTC)
        super().__init__(
            f"this host's clock is {timedelta(seconds=abs(seconds))} {how} the database's "
            f"(here {here:%Y-%m-%d %H:%M:%S} UTC, there {there:%Y-%m-%d %H:%M:%S} UTC): nothing is "
            "loaded until they agree within a minute. Set the one that is wrong (NTP)"
        )


class UnknownZoneError(CallhouseError):
    """The database's server doesn't know an account's time zone: its days can't be told there."""

    def __init__(self, timezone: str) -> None:
        super().__init__(
            f"the database's server doesn't know the time zone {timezone}: write one that has the "
            "same clocks into accounts.toml, or update the server (its time zone data)"
        )


class NameTakenError(CallhouseError):
    """An account's name stands for another vendor's account in the warehouse."""

    def __init__(self, account: str, vendor: str) -> None:
        super().__init__(
            f"what is stored as {account} is of {vendor}, and its days would count as read: take "
            f"another name, or erase it: callhouse forget --account {account}"
        )


class OtherSettingsError(CallhouseError):
    """An account has other settings in the warehouse by now than the load began with."""

    def __init__(self, own: str, noted: str) -> None:
        super().__init__(
            f"it was being loaded for {own}, and is for {noted} since: what was read isn't "
            "written, and the next run reads it again. If it comes to this once more, the "
            "accounts.toml of two hosts differ"
        )


class StoppedError(CallhouseError):
    """The run has ended, or is about to: nothing is asked for any more, or written."""


class VendorError(CallhouseError):
    """A request to a vendor didn't give what was asked for."""


class TransientError(VendorError):
    """Try again soon: a time-out, a reset connection, a 5xx."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ThrottledError(TransientError):
    """The vendor says that we are too fast: wait as long as it says, then try again."""


class CutShortError(TransientError):
    """The body of a good answer ended before its time."""


class DoubtfulRefusalError(TransientError):
    """A 401 or 403 that isn't the vendor's own answer: a firewall or a proxy may have given it.

    Three polls in a row that end so are taken for a refusal.
    """


class PermanentError(VendorError):
    """The same request will never work: the token is refused, the account is closed.

    The stream's polls stop. It is probed once an hour, and goes on when the vendor accepts it, when
    its credentials change or when `callhouse check` passes.
    """


class ContractError(VendorError):
    """The answer isn't what the vendor's document says. The window fails, `body` is kept."""

    def __init__(self, message: str, body: bytes | bytearray = b"") -> None:
        super().__init__(message)
        self.body = body


class FailedAnswerError(ContractError):
    """A page for people, or an envelope that tells of a failure, where the status says success."""


class RecordError(ContractError):
    """The answer to a request for one record is of no use, and no other record is concerned."""


class WindowTooLargeError(VendorError):
    """The answer was cut off, took too long or was too big: ask for less at once."""


class PageRefusedError(WindowTooLargeError):
    """A page beyond the first isn't given: it is too deep in its list, or beyond the end of it."""


class PerhapsCutOffError(WindowTooLargeError):
    """As many `rows` came as limits have. Parts of the window tell whether there are others: before
    and after the `middle` one of these.
    """

    def __init__(self, message: str, rows: int, middle: datetime | None) -> None:
        super().__init__(message)
        self.rows = rows
        self.middle = middle


class TimedOutError(WindowTooLargeError):
    """The answer took too long."""


class DeferredError(CallhouseError):
    """Not now: a limit grants the next request only at `until`. Nothing is wrong."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class QuotaExhaustedError(DeferredError):
    """The day's quota is used up: nothing more until the vendor's next day, at `until`."""
