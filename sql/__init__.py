"""All SQL, one statement or one object a file, read by its path without the ending."""

from functools import cache
from pathlib import Path

from sql.table import Target
from sql.templates import render

FOLDER = Path(__file__).parent


@cache
def read(name: str, target: Target | None = None) -> str:
    """The text of `sql/<name>.sql`. Raises FileNotFoundError.

    With a `target` the file is a template (`sql.templates`): where `sql/<name>.<kind>.sql` is
    there, that one for targets of this kind.
    """
    if target is None:
        return _file(name).read_text(encoding="utf-8")
    own = _file(f"{name}.{target.kind}")
    return render((own if own.exists() else _file(name)).read_text(encoding="utf-8"), target)


def names(folder: str) -> list[str]:
    """The statements of a folder, in the order of their names."""
    return sorted(f"{folder}/{path.stem}" for path in (FOLDER / folder).glob("*.sql"))


def _file(name: str) -> Path:
    return FOLDER / f"{name}.sql"
