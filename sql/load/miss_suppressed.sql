-- Of days that were read in full, records of somebody forgotten that the vendor no longer shows.
UPDATE ops.suppressed_records SET missing_since = :observed_at
 WHERE account = :account AND stream = :stream AND call_date = ANY(:days)
   AND missing_since IS NULL AND seen_at <= :observed_at AND NOT record_hash = ANY(CAST(:hashes AS text[]));
