"""Accounts of one operation, the vendor's customer: they share its daily quota. And accounts that
load the same.
"""

from collections.abc import Iterator, Mapping

from resources.account import Account


def share_quotas(accounts: dict[str, Account]) -> Iterator[tuple[str, str]]:
    """Puts accounts with the same credentials into one operation where one of them has a daily
    quota, as the vendor counts by its customer. Yields each that the file puts into another.
    """
    owners: dict[tuple[str, ...], Account] = {}
    named_first = sorted(accounts.values(), key=lambda account: account.operation == account.name)
    for account in named_first:
        if account.limits.daily_requests and account.secrets:
            owners.setdefault((account.vendor, *account.secrets), account)
    for name, account in accounts.items():
        owner = owners.get((account.vendor, *account.secrets), account)
        if account.operation not in (name, owner.operation):
            other = f"{owner.name}, which is of another operation"
            yield name, f".operation: has the same credentials as {other}"
        accounts[name] = account.model_copy(update={"operation": owner.operation})


def disagreements(accounts: Mapping[str, Account]) -> Iterator[tuple[str, str]]:
    """Yields each account that doesn't agree with its operation on the quota and its day."""
    first: dict[str, Account] = {}
    for account in accounts.values():
        other = first.setdefault(account.operation, account)
        same = (other.limits.daily_requests, other.timezone)
        if same != (account.limits.daily_requests, account.timezone):
            differs = "but their licenses, daily_requests or timezone differ"
            shares = f".operation: shares its daily quota with {other.name}"
            yield account.name, f"{shares}, {differs}"


def twins(accounts: Mapping[str, Account]) -> Iterator[tuple[str, str]]:
    """Yields each account that asks the vendor for what another one asks for already."""
    first: dict[tuple[object, str], Account] = {}
    for account in accounts.values():
        asked = (account.vendor, account.base_url, account.secrets, account.options)
        others = {stream: first.setdefault((asked, stream), account) for stream in account.streams}
        twice = [stream for stream, other in others.items() if other is not account]
        if twice and account.secrets:
            what = f"loads {', '.join(twice)} a second time, so that every record counts twice"
            same = "has the same base_url, credentials and options"
            yield account.name, f": {what}: {others[twice[0]].name} {same}"
