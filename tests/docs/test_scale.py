"""What the page of scale says of keys is so."""

import psycopg

from resources.configuration.home import CHECKOUT

PAGE = (CHECKOUT / "docs" / "operators" / "scale.md").read_text(encoding="utf-8")
KEYS = """
SELECT format('%s.%s', n.nspname, c.relname), c.relkind = 'p', array_agg(a.attname::text)
  FROM pg_index x
  JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey)
 WHERE x.indisunique AND NOT c.relispartition AND n.nspname IN ('raw', 'facts', 'marts', 'ops')
 GROUP BY x.indexrelid, n.nspname, c.relname, c.relkind
"""


def test_tables_can_be_distributed_by_account_and_cut_by_day(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        keys = connection.execute(KEYS).fetchall()
    without = {table for table, _, columns in keys if "account" not in columns}
    assert {table.partition(".")[0] for table in without} == {"ops"}
    assert without >= {"ops.requests", "ops.permits", "ops.waiters", "ops.reads"}
    partitioned = {table for table, is_partitioned, _ in keys if is_partitioned}
    assert {"raw.records", "facts.calls"} <= partitioned
    assert all("call_date" in columns for table, _, columns in keys if table in partitioned)
    for table in partitioned:
        assert f"create_distributed_table('{table}', 'account'" in PAGE
