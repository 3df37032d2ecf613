"""Which store a URL names."""

import os
import re
from pathlib import Path

from resources.errors import ConfigurationError, TransientError
from resources.stores.filesystem import FileSystem
from resources.stores.s3 import AWS, SCHEME, Bucket
from resources.stores.store import Store

MEANS_A_BUCKET = re.compile(r"\s*s3:", re.IGNORECASE)
"""A slip of the pen, such as a blank before it or one slash, makes no folder of that name."""


def store_at(url: str) -> Store:
    """The store at a folder's path or a URL. Raises ImportError, ValueError: what is wrong."""
    return Bucket(url) if MEANS_A_BUCKET.match(url) else FileSystem(url)


def chosen_store(variable: str, default: Path) -> Store:
    """The store that a variable of the environment names, else a folder of this host.

    Raises ConfigurationError, which shows no secret.
    """
    try:
        return store_at(os.environ.get(variable) or str(default))
    except (ImportError, ValueError) as error:
        raise ConfigurationError([f"{variable}: {error}"]) from None


def credentials_of(variable: str) -> dict[str, str]:
    """Of the environment what the store needs that a variable names, if it needs any."""
    if not os.environ.get(variable, "").startswith(SCHEME):
        return {}
    return {name: value for name, value in os.environ.items() if name.startswith(AWS)}


def file_at(uri: str) -> tuple[Store, str]:
    """The store that a file was put into, and its path there. Raises TransientError when that can't
    be used from here.
    """
    folder, _, name = uri.rpartition("/")
    try:
        return store_at(folder), name
    except (ImportError, ValueError) as error:
        raise TransientError(f"{uri} can't be reached from here: {error}") from None
