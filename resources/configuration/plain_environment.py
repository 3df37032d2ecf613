"""The environment for processes that ask no vendor: what they need, and so no vendor's token.

An account may be added while Callhouse runs: what isn't known as a token today may be one tomorrow.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resources.text.files import read_text

LARGEST_FILE = 1024 * 1024
NEEDED = re.compile(
    r"CALLHOUSE_\w+|DAGSTER_\w+|PYTHON\w*|VIRTUAL_ENV|MALLOC_\w+|LD_LIBRARY_PATH|DYLD_\w+"
    r"|PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|XDG_\w+|LANG|LANGUAGE|LC_\w+|TZ|TZDIR"
    r"|TERM\w*|COLORTERM|NO_COLOR|FORCE_COLOR|COLUMNS|LINES|EDITOR|VISUAL|PAGER|LESS\w*"
    r"|PG\w+|PSQL\w*|SSL_CERT_\w+|(HTTPS?|NO|ALL)_PROXY",
    re.IGNORECASE,
)
"""Ours, Dagster's, Python's and Postgres' own; the user, the language, terminal and network."""
_NAMED = re.compile(r"\benv:\s*[\"']?(\w+)")


def plain_environment(accounts: Path) -> dict[str, str]:
    """Of ours what is NEEDED, and what a dagster.yaml of one's own names, without the variables
    from which the accounts file takes secrets. A file that can't be read names none.
    """
    kept = set(filter(NEEDED.fullmatch, os.environ)) | _named_by_dagster()
    kept -= set(_named_by_accounts(accounts))
    return {name: value for name, value in os.environ.items() if name in kept}


def _named_by_dagster() -> set[str]:
    """Every `env: …`, such as the password of a storage of one's own."""
    home = os.environ.get("DAGSTER_HOME")
    try:
        text = read_text(Path(home) / "dagster.yaml", LARGEST_FILE) if home else ""
    except ValueError:
        return set()
    return set(_NAMED.findall(text))


def _named_by_accounts(accounts: Path) -> Iterator[str]:
    try:
        document = tomllib.loads(read_text(accounts, LARGEST_FILE))
    except (OSError, ValueError, RecursionError):
        return iter(())
    return _variables(document)


def _variables(value: Any) -> Iterator[str]:
    """Every `env = "…"`, wherever it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "env" and isinstance(inner, str):
                yield inner
            yield from _variables(inner)
