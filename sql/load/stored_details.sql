SELECT record_key FROM raw.heads
 WHERE account = :account AND stream = :stream AND record_key = ANY(CAST(:keys AS text[]));
