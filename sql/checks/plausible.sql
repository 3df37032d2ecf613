-- Days of which the last full read showed so little that it isn't believed: less than is known, or
-- nothing though there were calls a week before or after. And the newest of several that all have the most
-- records that a day has, where that is a number that limits are (resources/vendor_api/largest_page.py).
SELECT d.account, d.call_date, d.note FROM ops.days d
 WHERE d.account = ANY(:accounts) AND d.stream = :stream AND d.state <> 'complete' AND d.expired_at IS NULL
   AND (d.doubted_since IS NOT NULL
        OR (d.same_since IS NOT NULL AND d.raw_records = 0 AND d.suppressed = 0
            AND EXISTS (SELECT FROM ops.days n
                         WHERE n.account = d.account AND n.stream = d.stream AND n.raw_records > 0
                           AND n.call_date IN (d.call_date - 7, d.call_date + 7))))
 UNION ALL
SELECT account, max(call_date),
       count(*) || ' days have ' || most || ' records each, and none has more: does the server give no more? Compare one with the vendor''s own report'
  FROM (SELECT d.account, d.call_date, d.raw_records AS records, max(d.raw_records) OVER (PARTITION BY d.account) AS most
          FROM ops.days d
         WHERE d.account = ANY(:accounts) AND d.stream = :stream AND d.state = 'complete' AND d.expired_at IS NULL) known
 WHERE records = most AND most >= 100
   AND (most % 50 = 0 OR (most + 1) % 100 = 0 OR most & (most - 1) = 0 OR most & (most + 1) = 0)
 GROUP BY account, most HAVING count(*) >= 3;
