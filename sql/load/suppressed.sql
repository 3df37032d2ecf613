-- Who has been forgotten; of each row besides, whether records of this stream are left out or kept
-- without the person. One row without a hash where there is nobody, but such records.
SELECT s.hash, s.kind, s.keeps_calls, s.tail, r.has_records
  FROM (SELECT EXISTS (SELECT FROM ops.suppressed_records WHERE account = :account AND stream = :stream) AS has_records) r
  LEFT JOIN ops.suppressed s ON s.kind <> 'record'
 WHERE s.hash IS NOT NULL OR r.has_records;
