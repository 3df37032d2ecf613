-- What a check found now, instead of what it had found of the same accounts and days (or, where it
-- is about accounts as they stand, of all days). Returns how many findings came or went.
WITH found AS (
    SELECT account, call_date, note
      FROM unnest(CAST(:accounts AS text[]), CAST(:days AS date[]), CAST(:notes AS text[])) AS f (account, call_date, note)
), gone AS (
    DELETE FROM ops.findings t
     WHERE stream = :stream AND name = :name AND account = ANY(:of_accounts)
       AND (CAST(:of_days AS date[]) IS NULL OR call_date = ANY(CAST(:of_days AS date[])))
       AND NOT EXISTS (SELECT FROM found f WHERE f.account = t.account AND f.call_date IS NOT DISTINCT FROM t.call_date)
    RETURNING 1
), come AS (
    INSERT INTO ops.findings AS t (stream, name, account, call_date, note)
    SELECT :stream, :name, account, call_date, note FROM found
    ON CONFLICT (stream, name, account, call_date) DO UPDATE SET note = excluded.note
     WHERE t.note <> excluded.note
    RETURNING xmax = 0 AS is_new
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM come WHERE is_new) AS turned;
