WITH account AS MATERIALIZED (  -- so that its zone is looked up once
    -- By UTC where this server doesn't know its time zone.
    SELECT a.*, coalesce(known_zone, 'UTC') AS zone, known_zone IS NULL AS lacks_zone
      FROM ops.accounts a CROSS JOIN LATERAL ops.known_zone(timezone) AS known_zone
), due AS (
    SELECT a.account, a.vendor, a.timezone, concat_ws(', ', a.timezone, a.country, a.currency) AS settings, stream, day::date AS call_date, day::date = today AS is_today,
           ops.day_start(day::date + 1, zone) AS ends_at, stream = ANY (a.streams) AS is_loaded, lacks_zone
      FROM account a
     CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE zone)::date AS today) t
     -- Of one that has left, the day on which it did is the last.
     CROSS JOIN LATERAL generate_series(a.start_date::timestamp,
                                        least(today::timestamp, (a.left_at AT TIME ZONE zone)::date::timestamp),
                                        interval '1 day') AS day
     CROSS JOIN LATERAL (SELECT unnest(a.streams) UNION
                         SELECT s.stream FROM ops.streams s WHERE s.account = a.account) AS of_account (stream)
), known AS (
    SELECT due.*, d.call_date IS NOT NULL AS is_known, d.state, d.raw_records, d.facts, d.rejects, d.open_records,
           -- What the vendor has no longer is in no figure either way.
           b.bad, greatest(d.raw_records - d.missing_records, b.bad) AS shown,
           d.vendor_total, d.last_polled_at, d.note, d.timezone AS day_timezone, d.expired_at,
           d.made_for,
           -- What came after the night in which its account's day went, and goes with a later one.
           e.first_at < coalesce(d.expired_at, 'infinity') - interval '1 hour' AS is_left_out,
           d.timezone <> due.timezone AND NOT ops.same_clocks(due.call_date, d.timezone, due.timezone) AS is_of_another_zone,
           -- The rest of a day that has just ended comes with the next polls, some of which may fail. After
           -- that the check `complete` is red, too.
           now() < due.ends_at + interval '{late}' AS is_fresh
      FROM due
      LEFT JOIN marts.completeness_by_day d USING (account, stream, call_date)
     CROSS JOIN LATERAL (SELECT d.rejects - coalesce(d.missing_rejects, 0) AS bad) b
      LEFT JOIN (SELECT account, call_date, min(expired_at) AS first_at FROM ops.days GROUP BY account, call_date) e
             ON e.account = due.account AND e.call_date = due.call_date
     -- What isn't loaded any more is in the figures all the same, or lacks there where its facts are lost.
     WHERE due.is_loaded OR d.raw_records > d.rejects
), read AS (
    SELECT known.*, coalesce(worst, trusted) AS trust,
           stream || CASE WHEN is_loaded THEN ': ' ELSE ' (not loaded any more): ' END || reasons AS why
      FROM known
     CROSS JOIN (SELECT 1 AS trusted, 2 AS provisional, 3 AS not_read, 4 AS wrong) t
     CROSS JOIN LATERAL (
        SELECT max(trust) AS worst, string_agg(why, '; ' ORDER BY trust DESC, why) AS reasons
          FROM (
            SELECT not_read AS trust, 'not read' AS why WHERE NOT is_known AND NOT is_today
             UNION ALL
            SELECT CASE WHEN raw_records = 0 THEN not_read ELSE wrong END, coalesce(note, 'a read failed') WHERE state = 'failed'
             UNION ALL
            SELECT CASE WHEN bad > shown * 0.01 THEN wrong ELSE trusted END,
                   bad || ' of ' || shown || ' records couldn''t become facts' WHERE bad > 0
             UNION ALL
            SELECT wrong, 'facts and rejects aren''t as many as the records' WHERE raw_records <> facts + rejects
             UNION ALL
            SELECT wrong, 'in no mart, as the account''s day had gone for its age before' WHERE is_left_out AND facts > 0
             UNION ALL
            SELECT provisional, concat_ws('; ', 'the day goes on', CASE WHEN state = 'open' THEN note END)
             WHERE is_today AND state IS DISTINCT FROM 'complete'
             UNION ALL
            SELECT CASE WHEN is_fresh AND raw_records > 0 THEN provisional ELSE not_read END,
                   CASE WHEN is_fresh OR last_polled_at IS NULL THEN coalesce(note, 'not read whole yet')
                        ELSE concat_ws('; ', 'not read whole, and not at all since '
                                             || to_char(last_polled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), note) END
             WHERE NOT is_today AND state = 'open'
             UNION ALL
            SELECT provisional, coalesce(note, 'records may still change') WHERE state = 'settling'
             UNION ALL
            -- Facts that are gone for their age can't be loaded by the new clocks: nothing changes any more.
            SELECT CASE WHEN expired_at IS NULL THEN provisional ELSE trusted END,
                   'loaded as a day of ' || day_timezone || ', and the account is in ' || timezone || ' now'
             WHERE is_of_another_zone
             UNION ALL
            SELECT CASE WHEN expired_at IS NULL THEN provisional ELSE trusted END,
                   'made for ' || made_for || ', and the account is of ' || settings || ' now'
                   || CASE WHEN expired_at IS NULL THEN ': callhouse rebuild makes it again, unless its raw has gone for its age' ELSE '' END
             WHERE made_for <> settings AND is_of_another_zone IS NOT TRUE
             UNION ALL
            -- Where nothing of the two days is loaded any more, they stay there.
            SELECT DISTINCT CASE WHEN known.expired_at IS NULL AND o.expired_at IS NULL THEN provisional ELSE trusted END,
                   o.call_date || ' was loaded as a day of ' || zone || ': calls of this one may be there'
              FROM ops.days o
             CROSS JOIN LATERAL (SELECT o.timezone UNION SELECT split_part(settings, ', ', 1) FROM unnest(o.made_for) AS settings) z (zone)
             WHERE NOT is_of_another_zone
               AND o.account = known.account AND o.stream = known.stream
               AND o.call_date IN (known.call_date - 1, known.call_date + 1) AND zone <> known.timezone
               AND o.raw_records > 0
               AND (ops.day_start(o.call_date, ops.known_zone(zone)), ops.day_start(o.call_date + 1, ops.known_zone(zone)))
                   IS DISTINCT FROM
                   (ops.day_start(o.call_date, ops.known_zone(known.timezone)), ops.day_start(o.call_date + 1, ops.known_zone(known.timezone)))
             UNION ALL
            SELECT trusted, 'the database''s server doesn''t know the time zone ' || timezone || ': nothing is loaded' WHERE lacks_zone
             UNION ALL
            -- Not all that the vendor counts, such as details that never came.
            SELECT trusted, note WHERE state = 'complete' AND vendor_total > facts + rejects
          ) rule
     ) r
), behind AS (
    SELECT call_date, account, min(stale_since) AS since FROM ops.stale_days GROUP BY call_date, account
)
-- The words, each at its number.
SELECT r.call_date, r.account, r.vendor, r.is_today,
       (ARRAY['trusted', 'provisional', 'not_read', 'wrong'])[greatest(max(trust), CASE WHEN min(s.since) IS NOT NULL THEN 2 END)] AS trust,
       nullif(concat_ws('; ', string_agg(why, '; ' ORDER BY trust DESC, stream) FILTER (WHERE trust > 1),
                 CASE WHEN min(s.since) IS NOT NULL THEN 'the marts are being brought up to date' END,
                 string_agg(why, '; ' ORDER BY stream) FILTER (WHERE trust = 1)), '') AS why,
       sum(raw_records) AS raw_records, sum(rejects) AS rejects, sum(open_records) AS open_records,
       max(last_polled_at) AS last_polled_at, min(s.since) AS marts_behind_since
  FROM read r
  LEFT JOIN behind b ON b.call_date = r.call_date AND b.account = r.account
  -- Of every account, perhaps.
  LEFT JOIN behind e ON e.call_date = r.call_date AND e.account IS NULL
 CROSS JOIN LATERAL (SELECT least(b.since, e.since) AS since) s
 GROUP BY r.call_date, r.account, r.vendor, r.is_today
