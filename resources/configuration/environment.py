"""What is wrong with the environment's settings, before anything goes by them: some count only at
night, or once something is wrong.
"""

from resources.configuration.broker import broker_url
from resources.configuration.retention import Retention
from resources.configuration.webhook import webhook_url
from resources.errors import ConfigurationError


def environment_faults() -> list[str]:
    """A sentence for each setting that is wrong, with its name."""
    faults: list[str] = []
    for read in (Retention.from_environment, broker_url, webhook_url):
        try:
            read()
        except ConfigurationError as error:
            faults += error.faults
    return faults


def require_environment() -> None:
    """Raises ConfigurationError with all of them."""
    if faults := environment_faults():
        raise ConfigurationError(faults)
