-- Every business day in which something of the records is stored: versions stay in the days that
-- they were of. A look-up by each day and key, as partitions know no other way.
SELECT call_date FROM raw.heads
 WHERE account = :account AND stream = :stream AND record_key = ANY(CAST(:keys AS text[]))
UNION
SELECT call_date FROM ops.rejects
 WHERE account = :account AND stream = :stream AND record_key = ANY(CAST(:keys AS text[]))
UNION
SELECT d.call_date
  FROM ops.days d
  CROSS JOIN LATERAL (
        SELECT FROM raw.records r
         WHERE r.call_date = d.call_date AND r.account = :account AND r.stream = :stream
           AND r.record_key = ANY(CAST(:keys AS text[]))
         LIMIT 1) r
 WHERE d.account = :account AND d.stream = :stream;
