-- Of the details asked for those that aren't facts, and when each is asked for again: one that the
-- vendor doesn't have, or that is of no use, not for ever. Asked for before it was due, it doesn't count.
-- Of a record that is gone meanwhile, as somebody was forgotten, nothing is noted.
-- What was refused with the account (soon) is due at once: polls wait for their next probe.
INSERT INTO ops.details AS d (account, stream, record_key, call_date, attempts, failures, error, next_try_at)
SELECT :account, :stream, a.record_key, :day, a.attempts, a.failures, a.error,
       CASE WHEN greatest(a.attempts, a.failures) < :most
            THEN :now + CASE WHEN a.soon THEN interval '0' ELSE CAST(:retry_every AS interval) END END
  FROM unnest(CAST(:keys AS text[]), CAST(:attempts AS integer[]), CAST(:failures AS integer[]), CAST(:errors AS text[]),
              CAST(:soon AS boolean[]))
       AS a (record_key, attempts, failures, error, soon)
 WHERE NOT EXISTS (SELECT FROM raw.heads h
                    WHERE h.account = :account AND h.stream = :stream AND h.record_key = a.record_key
                      AND NOT h.rejected)
   AND EXISTS (SELECT FROM facts.{table} p
                WHERE p.call_date = :day AND p.account = :account AND p.stream = :parent
                  AND {record_key:p} = a.record_key)
ON CONFLICT (account, stream, record_key) DO UPDATE
   SET error = excluded.error,
       (attempts, failures, next_try_at) = (
           SELECT n.attempts, n.failures,
                  CASE WHEN greatest(n.attempts, n.failures) < :most
                       THEN :now + (excluded.next_try_at - :now) * power(2, least(n.growth, 10)) END
             FROM (SELECT d.attempts + excluded.attempts AS attempts, d.failures + excluded.failures AS failures,
                          excluded.failures * d.failures AS growth) AS n
            WHERE d.next_try_at <= :now
            UNION ALL SELECT d.attempts, d.failures, d.next_try_at WHERE (d.next_try_at <= :now) IS NOT TRUE);
