INSERT INTO ops.details AS d (account, stream, record_key, call_date, attempts, next_try_at)
SELECT :account, :stream, record_key, :day, 1, now() + CAST(:retry_every AS interval)
  FROM unnest(CAST(:keys AS text[])) AS record_key
ON CONFLICT (account, stream, record_key) DO UPDATE
   SET attempts = d.attempts + 1, next_try_at = excluded.next_try_at;
