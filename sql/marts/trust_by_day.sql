WITH due AS (
    SELECT a.account, a.vendor, a.timezone, stream, day::date AS call_date, day::date = today AS is_today,
           (day::date + 1)::timestamp AT TIME ZONE a.timezone AS ends_at
      FROM ops.accounts a
     CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE a.timezone)::date AS today) t
     CROSS JOIN LATERAL generate_series(a.start_date::timestamp, today::timestamp, interval '1 day') AS day
     CROSS JOIN LATERAL unnest(a.streams) AS stream
), known AS (
    SELECT due.*, d.call_date IS NOT NULL AS is_known, d.state, d.raw_records, d.facts, d.rejects, d.open_records,
           d.vendor_total, d.last_polled_at, d.note, d.timezone AS day_timezone, d.expired_at,
           -- Zones of two names may have the same day.
           d.timezone <> due.timezone
           AND (due.call_date::timestamp AT TIME ZONE d.timezone, (due.call_date + 1)::timestamp AT TIME ZONE d.timezone)
            <> (due.call_date::timestamp AT TIME ZONE due.timezone, due.ends_at) AS is_of_another_zone,
           -- The rest of a day that has just ended comes with the next polls, some of which may fail. After
           -- three hours the check `complete` is red, too.
           now() < due.ends_at + interval '3 hours' AS is_fresh
      FROM due LEFT JOIN marts.completeness_by_day d USING (account, stream, call_date)
), read AS (
    SELECT *,
           CASE WHEN NOT is_known AND is_today THEN 'provisional'
                WHEN NOT is_known THEN 'not_read'
                WHEN state = 'failed' AND raw_records = 0 THEN 'not_read'
                WHEN state = 'failed' OR rejects > raw_records * 0.01 OR raw_records <> facts + rejects THEN 'wrong'
                WHEN is_of_another_zone AND expired_at IS NULL THEN 'provisional'
                WHEN state = 'complete' THEN 'trusted'
                WHEN state = 'settling' OR is_today OR is_fresh AND raw_records > 0 THEN 'provisional'
                ELSE 'not_read' END AS trust,
           CASE WHEN NOT is_known AND is_today THEN 'the day goes on'
                WHEN NOT is_known THEN 'not read'
                WHEN rejects > 0 THEN rejects || ' of ' || raw_records || ' records couldn''t become facts'
                WHEN raw_records <> facts + rejects THEN 'facts and rejects aren''t as many as the records'
                WHEN is_of_another_zone THEN 'a day of ' || day_timezone || ', not of ' || timezone
                -- Not all that the vendor counts, such as details that never came.
                WHEN state = 'complete' THEN CASE WHEN vendor_total > facts THEN note END
                WHEN is_today THEN 'the day goes on'
                WHEN state = 'settling' AND note IS NULL THEN 'records may still change'
                WHEN state = 'open' AND NOT is_fresh AND last_polled_at IS NOT NULL
                THEN concat_ws('; ', 'not read whole, and not at all since '
                                     || to_char(last_polled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), note)
                ELSE coalesce(note, 'not read whole yet') END AS why
      FROM known
), behind AS (
    SELECT call_date, account, min(stale_since) AS since FROM ops.stale_days GROUP BY call_date, account
)
SELECT r.call_date, r.account, r.vendor, r.is_today,
       CASE WHEN bool_or(trust = 'wrong') THEN 'wrong' WHEN bool_or(trust = 'not_read') THEN 'not_read'
            WHEN bool_or(trust = 'provisional') OR least(min(b.since), min(e.since)) IS NOT NULL THEN 'provisional'
            ELSE 'trusted' END AS trust,
       nullif(concat_ws('; ', string_agg(stream || ': ' || why, '; ' ORDER BY stream),
                 CASE WHEN least(min(b.since), min(e.since)) IS NOT NULL THEN 'the marts are being brought up to date' END), '') AS why,
       sum(raw_records) AS raw_records, sum(rejects) AS rejects, sum(open_records) AS open_records,
       max(last_polled_at) AS last_polled_at, least(min(b.since), min(e.since)) AS marts_behind_since
  FROM read r
  LEFT JOIN behind b ON b.call_date = r.call_date AND b.account = r.account
  -- Of every account, perhaps.
  LEFT JOIN behind e ON e.call_date = r.call_date AND e.account IS NULL
 GROUP BY r.call_date, r.account, r.vendor, r.is_today
