-- Records of days of which a full read was asked for at :observed_at. Those known before must be in
-- it, unless they are gone; out of scope are those that the account's options, as they are now,
-- were never seen to ask for.
SELECT h.record_key, h.call_date, h.observed_at >= coalesce(s.scope_since, '-infinity') AS is_in_scope,
       h.observed_at <= :observed_at AND coalesce(d.read_at <= :observed_at, true) AS is_before
  FROM raw.heads h
  LEFT JOIN ops.streams s USING (account, stream)
  LEFT JOIN ops.days d USING (account, stream, call_date)
 WHERE h.account = :account AND h.stream = :stream AND h.call_date = ANY(:days)
   AND h.missing_since IS NULL;
