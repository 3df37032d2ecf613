"""The accounts that the command line works with, or a word on how to get some."""

from resources.account import Account
from resources.configuration.accounts import read_accounts
from resources.configuration.home import Home
from resources.configuration.settings import Settings, read_settings
from resources.errors import ConfigurationError


def known_settings(home: Home) -> Settings:
    """The accounts that are right, whatever is wrong with others; their secrets aren't needed.
    Raises ConfigurationError when there is none.
    """
    require_a_file(home)
    settings = read_settings(home, needs_secrets=False)
    if not settings.accounts:
        raise ConfigurationError(settings.sentences())
    return settings


def known_accounts(home: Home) -> dict[str, Account]:
    """The accounts of the accounts file. Raises ConfigurationError if any of them is wrong."""
    require_a_file(home)
    return read_accounts(home.accounts)


def require_a_file(home: Home) -> None:
    """Raises ConfigurationError where nobody has written an accounts file."""
    if not home.accounts.exists() and home.accounts == home.demo_accounts:
        raise ConfigurationError(
            ["there is no accounts.toml: copy accounts.example.toml, or look at `callhouse demo`"]
        )
