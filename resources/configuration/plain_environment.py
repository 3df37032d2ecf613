"""The environment for processes that ask no vendor: without the vendors' tokens."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resources.text.files import read_text

LARGEST_FILE = 1024 * 1024


def plain_environment(accounts: Path) -> dict[str, str]:
    """Ours without the variables from which the accounts file takes secrets. A file that can't be
    read names none.
    """
    try:
        document = tomllib.loads(read_text(accounts, LARGEST_FILE))
    except (OSError, ValueError, RecursionError):
        document = {}
    secrets = set(_variables(document))
    return {name: value for name, value in os.environ.items() if name not in secrets}


def _variables(value: Any) -> Iterator[str]:
    """Every `env = "…"`, wherever it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "env" and isinstance(inner, str):
                yield inner
            yield from _variables(inner)
