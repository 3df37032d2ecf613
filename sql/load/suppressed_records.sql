SELECT record_hash, is_kept FROM ops.suppressed_records
 WHERE account = :account AND stream = :stream AND record_hash = ANY(CAST(:hashes AS text[]));
