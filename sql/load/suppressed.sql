-- Who has been forgotten, and whether records of this account have been by their keys. No row: nobody.
SELECT s.hash, s.kind, s.keeps_calls, s.tail, r.has_records
  FROM (SELECT EXISTS (SELECT FROM ops.suppressed_records WHERE account = :account)
               OR EXISTS (SELECT FROM ops.suppressed WHERE kind = 'record') AS has_records) r
  LEFT JOIN ops.suppressed s ON s.kind <> 'record'
 WHERE s.hash IS NOT NULL OR r.has_records;
