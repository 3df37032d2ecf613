-- Counts the days anew. A late record opens a complete day again: it is read once more.
WITH counted AS (
    SELECT day AS call_date,
           (SELECT count(*) FROM raw.heads h WHERE h.account = :account AND h.stream = :stream
               AND h.call_date = day AND NOT (h.missing_since IS NOT NULL AND :replaces)) AS raw_records,
           (SELECT count(*) FROM raw.heads h WHERE h.account = :account AND h.stream = :stream
               AND h.call_date = day AND h.rejected AND NOT (h.missing_since IS NOT NULL AND :replaces)) AS rejects,
           (SELECT count(*) FROM raw.heads h WHERE h.account = :account AND h.stream = :stream
               AND h.call_date = day AND h.is_open AND h.missing_since IS NULL) AS open_records,
           facts
      FROM unnest(CAST(:days AS date[]), CAST(:facts AS bigint[])) AS f (day, facts)
)
INSERT INTO ops.days AS d (account, stream, call_date, state, timezone, raw_records, facts, rejects, open_records, last_polled_at)
SELECT :account, :stream, call_date, 'open', :timezone, raw_records, facts, rejects, open_records, now() FROM counted
ON CONFLICT (account, stream, call_date) DO UPDATE
   SET timezone = excluded.timezone, raw_records = excluded.raw_records, facts = excluded.facts, rejects = excluded.rejects,
       open_records = excluded.open_records, last_polled_at = now(),
       state = CASE WHEN d.state = 'complete' AND (d.raw_records, d.rejects, d.open_records)
                         IS DISTINCT FROM (excluded.raw_records, excluded.rejects, excluded.open_records)
                    THEN 'settling' ELSE d.state END,
       next_read_at = CASE WHEN d.state = 'complete' AND (d.raw_records, d.rejects, d.open_records)
                         IS DISTINCT FROM (excluded.raw_records, excluded.rejects, excluded.open_records)
                    THEN now() ELSE d.next_read_at END
RETURNING call_date, state, xmax = 0 AS is_first, raw_records, facts, rejects, open_records,
    (SELECT count(*) FROM ops.rejects r WHERE r.account = :account AND r.stream = :stream
        AND r.call_date = d.call_date AND r.record_key IS NULL AND r.resolved_at IS NULL) AS unkeyed;
