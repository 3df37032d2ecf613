-- That details are about to be asked for: what was given up, too, is due until an answer has come. Of a
-- record that is gone meanwhile nothing is noted.
INSERT INTO ops.details AS d (account, stream, record_key, call_date, next_try_at)
SELECT :account, :stream, record_key, :day, :now
  FROM unnest(CAST(:keys AS text[])) AS record_key
 WHERE EXISTS (SELECT FROM facts.{table} p
                WHERE p.call_date = :day AND p.account = :account AND p.stream = :parent
                  AND {record_key:p} = record_key)
ON CONFLICT (account, stream, record_key) DO UPDATE SET next_try_at = excluded.next_try_at WHERE d.next_try_at IS NULL;
