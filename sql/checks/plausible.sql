-- Days of which the last full read showed so little that it isn't believed: less than is known, or
-- nothing though there were calls a week before or after.
SELECT d.account, d.call_date, d.note FROM ops.days d
 WHERE d.account = ANY(:accounts) AND d.stream = :stream AND d.state <> 'complete' AND d.expired_at IS NULL
   AND (d.doubted_since IS NOT NULL
        OR (d.same_since IS NOT NULL AND d.raw_records = 0 AND d.suppressed = 0
            AND EXISTS (SELECT FROM ops.days n
                         WHERE n.account = d.account AND n.stream = d.stream AND n.raw_records > 0
                           AND n.call_date IN (d.call_date - 7, d.call_date + 7))));
