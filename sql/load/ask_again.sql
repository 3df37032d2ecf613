-- Details that had enriched records before these were rejected, and that raw has lost for its age: of records
-- that are facts again they are asked for again. Not those that are gone for their own age.
WITH lost AS (
    DELETE FROM raw.heads h USING facts.{table} t
     WHERE h.account = :account AND h.stream = :detail AND h.record_key = ANY(CAST(:keys AS text[])) AND NOT h.rejected
       AND h.digest <> ops.no_digest()
       AND t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
       AND {record_key:t} = h.record_key AND ({assigned:t}) IS NULL
    RETURNING h.account, h.stream, h.record_key, t.call_date
)
INSERT INTO ops.details (account, stream, record_key, call_date, next_try_at)
SELECT account, stream, record_key, call_date, ops.now() FROM lost
ON CONFLICT (account, stream, record_key) DO UPDATE SET call_date = excluded.call_date, next_try_at = excluded.next_try_at;
