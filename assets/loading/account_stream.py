"""One account's stream: what is loaded, in one value."""

from dataclasses import dataclass
from typing import Any, Generic, TypeGuard, TypeVar

from resources.account import Account
from resources.vendor_api.vendor import AnyStream, DetailStream, Stream, Vendor

S_co = TypeVar("S_co", bound=AnyStream, covariant=True)
S = TypeVar("S", bound=AnyStream)


@dataclass(frozen=True)
class AccountStream(Generic[S_co]):
    """An account and one of its streams. `details`: the streams of the details of its records.
    `of`: of a stream of details, the one whose records they are of, and all of its details.
    """

    account: Account
    stream: S_co
    details: tuple[DetailStream, ...] = ()
    of: tuple[AnyStream, ...] = ()

    @property
    def where(self) -> dict[str, Any]:
        """The parameters of a statement about it."""
        return {"account": self.account.name, "stream": self.stream.name}

    @property
    def scope(self) -> dict[str, Any]:
        """What the account's options narrow it to. Options that narrow nothing aren't in it: a
        vendor's may get new ones.
        """
        return self.account.options.model_dump(mode="json", exclude_defaults=True)

    def __str__(self) -> str:
        return f"{self.account.name} {self.stream.name}"


def account_stream(vendor: Vendor, account: Account, stream: S) -> AccountStream[S]:
    """The vendor's stream of the account, with the streams of its details."""
    root, details = vendor.group(stream.name)
    if stream.parent:
        return AccountStream(account, stream, of=(root, *details))
    return AccountStream(account, stream, tuple(details))


def is_report(source: AccountStream[AnyStream]) -> TypeGuard[AccountStream[Stream]]:
    """Whether it is read window by window."""
    return isinstance(source.stream, Stream)


def is_detail(source: AccountStream[AnyStream]) -> TypeGuard[AccountStream[DetailStream]]:
    """Whether it is read record by record, after the stream whose records they are."""
    return isinstance(source.stream, DetailStream)
