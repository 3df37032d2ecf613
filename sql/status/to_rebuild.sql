-- Days whose facts were made by other settings than their accounts have, or aren't all there (a backup without them was
-- restored), as far as raw has anything to make them again from; of streams that aren't loaded any more, too.
SELECT d.account, d.stream, count(*) AS days, min(d.call_date) AS first, max(d.call_date) AS last
  FROM ops.days d JOIN ops.accounts a USING (account)
 WHERE d.account = ANY(CAST(:accounts AS text[])) AND d.expired_at IS NULL
   AND (d.raw_records > d.facts + d.rejects OR d.made_for <> ARRAY[concat_ws(', ', a.timezone, a.country, a.currency)]
        OR d.timezone <> a.timezone AND NOT ops.same_clocks(d.call_date, d.timezone, a.timezone))
   AND EXISTS (SELECT FROM raw.records r
                WHERE r.call_date = d.call_date AND r.account = d.account AND r.stream = d.stream)
 GROUP BY d.account, d.stream
 ORDER BY d.account, d.stream;
