-- Fields of a business day's records that are NULL in the facts though something was sent.
SELECT f.field, f.reason, sum(f.records)::bigint AS records, count(DISTINCT f.account) AS accounts,
       min(f.first_seen_at) AS first_seen_at
  FROM ops.field_faults f JOIN ops.streams s USING (account, stream)
 WHERE s.vendor = :vendor AND f.stream = :stream AND f.call_date = :day
 GROUP BY f.field, f.reason
 ORDER BY records DESC, f.field, f.reason
 LIMIT 40;
