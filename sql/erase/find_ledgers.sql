-- What else is known of records, as text; with a pattern what may have what is looked for. What has
-- no key is told by its id.
SELECT * FROM (
    SELECT 'raw.heads' AS place, account, stream, record_key, CAST(NULL AS bigint) AS id, record_key AS text FROM raw.heads
    UNION ALL
    SELECT 'ops.rejects', account, stream, record_key, CASE WHEN record_key IS NULL THEN id END,
           concat_ws(' ', record_key, reason, payload) FROM ops.rejects
    UNION ALL
    SELECT 'ops.details', account, stream, record_key, NULL, concat_ws(' ', record_key, error) FROM ops.details
) AS found
 WHERE CAST(:pattern AS text) IS NULL OR text ~ CAST(:pattern AS text);
