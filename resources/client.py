"""What every vendor's client starts from: one account, and the way to ask for it."""

from dataclasses import dataclass

from resources.account import Account
from resources.http import Http


@dataclass(frozen=True, slots=True)
class Client:
    """A vendor's client extends this with a method for each report. Each yields `Page`s."""

    account: Account
    http: Http
