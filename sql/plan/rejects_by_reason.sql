-- Why records of a business day aren't facts: the mapping's own words, never a record's.
SELECT r.field, r.reason, count(*) AS records, count(DISTINCT r.account) AS accounts
  FROM ops.rejects r JOIN ops.streams s USING (account, stream)
 WHERE s.vendor = :vendor AND r.stream = :stream AND r.call_date = :day AND r.resolved_at IS NULL
 GROUP BY r.field, r.reason
 ORDER BY records DESC, r.field, r.reason
 LIMIT 40;
