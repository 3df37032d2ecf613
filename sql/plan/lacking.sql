-- How many of a day's records lack their detail, and when the next may be asked for.
SELECT count(*) FILTER (WHERE p.missing_since IS NULL AND (h.record_key IS NULL OR h.rejected) AND (d.attempts IS NULL OR d.attempts < :attempts)) AS pending,
       count(*) FILTER (WHERE p.missing_since IS NULL AND h.record_key IS NULL AND d.attempts >= :attempts) AS absent,
       count(*) AS parents,
       min(coalesce(d.next_try_at, p.started_at + :delay))
           FILTER (WHERE p.missing_since IS NULL AND (h.record_key IS NULL OR h.rejected) AND (d.attempts IS NULL OR d.attempts < :attempts)) AS next_try_at
  FROM facts.{table} p
  -- Each looked up by its key: a plain join may read all details that the account has ever had.
  LEFT JOIN LATERAL (
           SELECT record_key, rejected FROM raw.heads h
            WHERE h.account = p.account AND h.stream = :stream AND h.record_key = {record_key:p}
            LIMIT 1) h ON true
  LEFT JOIN ops.details d ON d.account = p.account AND d.stream = :stream AND d.record_key = {record_key:p}
 WHERE p.call_date = :day AND p.account = :account AND p.stream = :parent;
