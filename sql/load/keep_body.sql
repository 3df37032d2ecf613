-- An answer that couldn't be read at all: the newest one of the day, until one can.
INSERT INTO ops.rejects AS r (account, stream, call_date, digest, field, reason, payload)
VALUES (:account, :stream, :day, CAST(:digest AS uuid), 'body', :reason, CAST(:payload AS jsonb))
ON CONFLICT (account, stream, coalesce(record_key, ''), (CASE WHEN record_key IS NULL THEN digest END),
             (CASE WHEN record_key IS NULL THEN call_date END))
      WHERE resolved_at IS NULL
DO UPDATE SET reason = excluded.reason, payload = excluded.payload;
