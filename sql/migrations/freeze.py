"""`python -m sql.migrations.freeze`: the baseline migration anew, from sql/schema.

Until the first release the baseline follows the schema. From then on it stays as it is: a change of
the schema brings a migration of its own, and a test compares what both ways lead to.
"""

import sql

BASELINE = sql.FOLDER / "migrations" / "versions" / "0001_baseline.sql"


def text() -> str:
    """Every object of `sql/schema`, in the order of the files' names."""
    parts = (f"-- {name}\n{sql.read(name).strip()}\n" for name in sql.names("schema"))
    return "\n".join(parts)


def main() -> None:
    """Writes the baseline."""
    BASELINE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
