"""`python -m sql.describe`: writes docs/analysts/tables.md from the comments on the tables."""

from collections.abc import Iterator
from pathlib import Path

import sql
import sql.catalog

PAGE = sql.FOLDER.parent / "docs" / "analysts" / "tables.md"
HEAD = """\
# Tables

Written by `python -m sql.describe` from `sql/facts` and the comments in `sql/`, which Postgres
(`\\d+ facts.calls`) and Dagster show too. Columns marked * are personal data: `callhouse_analyst`
sees them shortened or empty, in the schema `masked` ([access](access.md)).

NULL always means that the vendor didn't say (or not yet); never 0, never an empty string. Times are
`timestamptz`; columns that end in `_s` are seconds. A unit is in brackets: of money it is what the
column `currency` says. What trips people up is in [traps](traps.md).
"""
SCHEMAS = {
    "facts": "Facts: one row is what the vendor says it is",
    "marts": "Marts: what is asked most, added up by business day",
}


def page() -> str:
    """The text of the page."""
    return "\n".join([HEAD, *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    everything = sql.catalog.tables() | sql.catalog.views()
    for schema, title in SCHEMAS.items():
        yield f"## {title}\n"
        for table, columns in everything.items():
            if not table.startswith(f"{schema}."):
                continue
            yield f"### {table}\n"
            yield f"{sql.catalog.meaning(table)}.\n"
            yield "| column | type | meaning |\n|---|---|---|"
            for column in columns:
                personal = "\\*" if column.personal else ""
                kind = column.type + (f" ({column.unit})" if column.unit else "")
                kind += ", never NULL" if column.required else ""
                yield f"| `{column.name}`{personal} | {kind} | {column.comment} |"
            yield ""


def main(target: Path = PAGE) -> None:
    """Writes the page."""
    target.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
