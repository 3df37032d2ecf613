"""The accounts that the command line works with, or a word on how to get some."""

from resources.account import Account
from resources.configuration import read_accounts
from resources.errors import ConfigurationError
from resources.home import Home


def known_accounts(home: Home) -> dict[str, Account]:
    """The accounts of the accounts file. Raises ConfigurationError."""
    if not home.accounts.exists() and home.accounts == home.demo_accounts:
        raise ConfigurationError(
            ["there is no accounts.toml: copy accounts.example.toml, or look at `callhouse demo`"]
        )
    return read_accounts(home.accounts)
