-- Of the details asked for those that aren't facts: they are asked for again later.
INSERT INTO ops.details AS d (account, stream, record_key, call_date, attempts, next_try_at)
SELECT :account, :stream, record_key, :day, 1, :now + CAST(:retry_every AS interval)
  FROM unnest(CAST(:keys AS text[])) AS record_key
 WHERE NOT EXISTS (SELECT FROM raw.heads h
                    WHERE h.account = :account AND h.stream = :stream AND h.record_key = record_key.record_key
                      AND NOT h.rejected)
ON CONFLICT (account, stream, record_key) DO UPDATE
   SET attempts = d.attempts + 1, next_try_at = excluded.next_try_at;
