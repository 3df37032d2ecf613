INSERT INTO ops.rejects AS r (account, stream, call_date, record_key, digest, field, reason, payload)
SELECT :account, :stream, call_date, record_key, digest, field, reason, payload FROM stage_rejects
ON CONFLICT (account, stream, coalesce(record_key, ''), (CASE WHEN record_key IS NULL THEN digest END),
             (CASE WHEN record_key IS NULL THEN call_date END))
      WHERE resolved_at IS NULL
DO UPDATE SET call_date = excluded.call_date, digest = excluded.digest, field = excluded.field,
              reason = excluded.reason, payload = excluded.payload
 WHERE (r.call_date, r.digest, r.field, r.reason)
       IS DISTINCT FROM (excluded.call_date, excluded.digest, excluded.field, excluded.reason)
RETURNING call_date;
