WITH due AS (
    SELECT a.account, a.vendor, stream, day::date AS call_date, day::date = today AS is_today
      FROM ops.accounts a
     CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE a.timezone)::date AS today) t
     CROSS JOIN LATERAL generate_series(a.start_date::timestamp, today::timestamp, interval '1 day') AS day
     CROSS JOIN LATERAL unnest(a.streams) AS stream
), read AS (
    SELECT due.*, d.raw_records, d.rejects, d.open_records, d.last_polled_at,
           CASE WHEN d.call_date IS NULL AND is_today THEN 'provisional'
                WHEN d.call_date IS NULL THEN 'not_read'
                WHEN d.state = 'failed' AND d.raw_records = 0 THEN 'not_read'
                WHEN d.state = 'failed' OR d.rejects > d.raw_records * 0.01
                     OR d.raw_records <> d.facts + d.rejects THEN 'wrong'
                WHEN d.state = 'complete' THEN 'trusted'
                WHEN d.state = 'settling' OR is_today THEN 'provisional'
                WHEN d.raw_records = 0 THEN 'not_read'
                ELSE 'provisional' END AS trust,
           CASE WHEN d.call_date IS NULL AND is_today THEN 'the day goes on'
                WHEN d.call_date IS NULL THEN 'not read'
                WHEN d.rejects > 0 THEN d.rejects || ' of ' || d.raw_records || ' records couldn''t become facts'
                WHEN d.raw_records <> d.facts + d.rejects THEN 'facts and rejects aren''t as many as the records'
                WHEN d.state = 'complete' THEN NULL
                WHEN is_today THEN 'the day goes on'
                WHEN d.state = 'settling' AND d.note IS NULL THEN 'records may still change'
                ELSE coalesce(masked.numbers(d.note), 'not read whole yet') END AS why
      FROM due LEFT JOIN ops.days d USING (account, stream, call_date)
), behind AS (
    SELECT call_date, min(stale_since) AS since FROM ops.stale_days GROUP BY call_date
)
SELECT r.call_date, r.account, r.vendor, r.is_today,
       CASE WHEN bool_or(trust = 'wrong') THEN 'wrong' WHEN bool_or(trust = 'not_read') THEN 'not_read'
            WHEN bool_or(trust = 'provisional') OR min(b.since) IS NOT NULL THEN 'provisional'
            ELSE 'trusted' END AS trust,
       nullif(concat_ws('; ', string_agg(stream || ': ' || why, '; ' ORDER BY stream),
                 CASE WHEN min(b.since) IS NOT NULL THEN 'the marts are being brought up to date' END), '') AS why,
       sum(raw_records) AS raw_records, sum(rejects) AS rejects, sum(open_records) AS open_records,
       max(last_polled_at) AS last_polled_at, min(b.since) AS marts_behind_since
  FROM read r LEFT JOIN behind b USING (call_date)
 GROUP BY r.call_date, r.account, r.vendor, r.is_today
