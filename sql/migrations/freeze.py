"""`python -m sql.migrations.freeze`: the baseline migration anew, from sql/schema and sql/facts.

Until the first release the baseline follows the schema. From then on it stays as it is: a change of
the schema brings a migration of its own, and a test compares what both ways lead to.
"""

import sql
from sql import ddl

BASELINE = sql.FOLDER / "migrations" / "versions" / "0001_baseline.sql"


def text() -> str:
    """Everything that makes the tables, in order."""
    return "\n".join(f"-- {name}\n{part.strip()}\n" for name, part in ddl.parts())


def main() -> None:
    """Writes the baseline."""
    BASELINE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
