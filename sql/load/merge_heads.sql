-- Where the head isn't known to say it already: to find nothing to write locks its row all the same.
INSERT INTO raw.heads AS h (account, stream, record_key, call_date, version, digest, observed_at, first_seen_at, is_open, rejected, faults, missing_since, twins)
SELECT :account, :stream, record_key, call_date, version + is_new_version::integer, digest, observed_at, first_seen_at, is_open, rejected, faults, missing_since, twins
  FROM stage_records WHERE NOT has_head
ON CONFLICT (account, stream, record_key) DO UPDATE
   SET call_date = excluded.call_date, version = excluded.version, digest = excluded.digest,
       observed_at = excluded.observed_at, is_open = excluded.is_open, rejected = excluded.rejected,
       faults = excluded.faults, missing_since = excluded.missing_since,
       twins = CASE WHEN h.version = excluded.version THEN h.twins ELSE excluded.twins END
 WHERE (h.call_date, h.version, h.is_open, h.rejected, h.faults, h.missing_since)
       IS DISTINCT FROM (excluded.call_date, excluded.version, excluded.is_open, excluded.rejected, excluded.faults, excluded.missing_since);
