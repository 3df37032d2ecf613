-- A table of marts and one day, of some accounts or of all: `sql.mart` fills in the mart's statement and
-- names. Rows are compared whole, as rows of the table: NULLs are alike then, and Postgres can hash them.
WITH fresh AS MATERIALIZED (
    SELECT ROW({names})::{mart} AS whole FROM (SELECT {typed} FROM ({statement}
) AS built WHERE {of_accounts}) AS typed
), gone AS (
    DELETE FROM {mart} m
     WHERE m.call_date = :day AND {of_accounts} AND NOT EXISTS (SELECT FROM fresh f WHERE f.whole = m)
    RETURNING 1
), put AS (
    INSERT INTO {mart} ({names})
    SELECT (f.whole).* FROM fresh f
     WHERE NOT EXISTS (SELECT FROM {mart} m WHERE m.call_date = :day AND m = f.whole)
    RETURNING 1
), written AS (
    SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM put) AS put
)
SELECT (SELECT count(*) FROM {mart} WHERE call_date = :day) - gone + put AS rows, gone + put AS written FROM written;
