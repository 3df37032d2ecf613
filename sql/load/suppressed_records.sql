-- Of records those that were left out before, or forgotten by their keys.
SELECT hash AS record_hash, false AS is_kept FROM ops.suppressed
 WHERE kind = 'record' AND hash = ANY(CAST(:hashes AS text[]))
UNION
SELECT record_hash, is_kept FROM ops.suppressed_records
 WHERE account = :account AND stream = ANY(:streams) AND record_hash = ANY(CAST(:hashes AS text[]))
 ORDER BY is_kept DESC;
