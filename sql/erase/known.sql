-- Of the records those that are stored.
SELECT record_key FROM raw.heads
 WHERE account = :account AND stream = :stream AND record_key = ANY(CAST(:keys AS text[]))
UNION
SELECT record_key FROM ops.rejects
 WHERE account = :account AND stream = :stream AND record_key = ANY(CAST(:keys AS text[]));
