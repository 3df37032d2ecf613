-- How much of the days a full read showed: of all that isn't missing, and of what was known before it
-- began; and what the last full read lacked.
SELECT h.call_date, count(seen.record_key) AS seen,
       count(seen.record_key) FILTER (WHERE h.first_seen_at < :began_at) AS shown,
       d.lacking, d.doubted_since, d.accepted
  FROM raw.heads h
  LEFT JOIN stage_seen seen USING (record_key)
  LEFT JOIN ops.days d USING (account, stream, call_date)
 WHERE h.account = :account AND h.stream = :stream AND h.call_date = ANY(:days)
   AND h.missing_since IS NULL
 GROUP BY h.call_date, d.lacking, d.doubted_since, d.accepted;
