-- A table of marts and one day: `sql.mart` fills in the mart's statement and names. Rows are
-- compared whole, as rows of the table: NULLs are alike then, and Postgres can hash them.
WITH fresh AS MATERIALIZED (
    SELECT ROW({names})::{mart} AS whole FROM (SELECT {typed} FROM ({statement}
) AS built) AS typed
), gone AS (
    DELETE FROM {mart} m
     WHERE m.call_date = :day AND NOT EXISTS (SELECT FROM fresh f WHERE f.whole = m)
    RETURNING 1
), put AS (
    INSERT INTO {mart} ({names})
    SELECT (f.whole).* FROM fresh f
     WHERE NOT EXISTS (SELECT FROM {mart} m WHERE m.call_date = :day AND m = f.whole)
    RETURNING 1
)
SELECT (SELECT count(*) FROM fresh) AS rows, (SELECT count(*) FROM gone) + (SELECT count(*) FROM put) AS written;
