-- Records of days of which a full read was asked for at :observed_at, where they make a difference:
-- those that it doesn't show though they were known before are gone; and those that it shows may be
-- ones that the account's options, as they are now, were never seen to ask for (out of scope).
WITH known AS (
    SELECT h.record_key, h.call_date, seen.record_key IS NOT NULL AS is_seen,
           h.observed_at >= coalesce(s.scope_since, '-infinity') AS is_in_scope,
           h.first_seen_at < :began_at AS was_known,
           h.observed_at <= :observed_at AND coalesce(d.read_at <= :observed_at, true) AS is_before
      FROM raw.heads h
      LEFT JOIN stage_seen seen USING (record_key)
      LEFT JOIN ops.streams s USING (account, stream)
      LEFT JOIN ops.days d USING (account, stream, call_date)
     WHERE h.account = :account AND h.stream = :stream AND h.call_date = ANY(:days)
       AND h.missing_since IS NULL
)
SELECT * FROM known WHERE NOT (is_seen AND is_in_scope);
