-- What isn't told of an account is NULL in marts: where it is more, or less, than before, they are behind.
-- Time zone, country and currency are read into facts, which a record that stays the same keeps until they are rebuilt.
WITH note AS (
    SELECT * FROM jsonb_to_recordset(CAST(:accounts AS jsonb))
        AS t (account text, vendor text, timezone text, country text, currency text, start_date date,
              streams text[], tells text[])
), marked AS (
    INSERT INTO ops.stale_days (call_date, account)
    SELECT DISTINCT d.call_date, d.account
      FROM note JOIN ops.accounts a USING (account) JOIN ops.days d USING (account)
     WHERE a.tells <> note.tells AND d.expired_at IS NULL
), made AS (
    UPDATE ops.days d
       SET made_for = CASE
               WHEN d.made_for IS NULL THEN ARRAY[was]
               -- Something may have landed by these settings, too.
               WHEN was <> ALL (d.made_for) AND d.last_polled_at >= a.settings_since THEN d.made_for || was
               ELSE d.made_for
           END
      FROM note JOIN ops.accounts a USING (account)
     CROSS JOIN LATERAL concat_ws(', ', a.timezone, a.country, a.currency) AS was
     WHERE (a.timezone, a.country, a.currency) IS DISTINCT FROM (note.timezone, note.country, note.currency)
       AND d.account = a.account AND d.raw_records > 0 AND d.expired_at IS NULL
       AND ((a.country, a.currency) IS DISTINCT FROM (note.country, note.currency)
            OR NOT ops.same_clocks(d.call_date, a.timezone, note.timezone))
)
INSERT INTO ops.accounts AS a (account, vendor, timezone, country, currency, start_date, streams, tells, settings_since)
SELECT account, vendor, timezone, country, currency, start_date, streams, tells, :now
  FROM note
ON CONFLICT (account) DO UPDATE
   SET vendor = excluded.vendor, timezone = excluded.timezone, country = excluded.country,
       currency = excluded.currency, start_date = excluded.start_date, streams = excluded.streams,
       tells = excluded.tells, changed_at = now(), left_at = NULL,
       settings_since = CASE WHEN (a.timezone, a.country, a.currency)
                                  IS DISTINCT FROM (excluded.timezone, excluded.country, excluded.currency)
                             THEN excluded.settings_since ELSE a.settings_since END
 WHERE a.left_at IS NOT NULL OR (a.vendor, a.timezone, a.country, a.currency, a.start_date, a.streams, a.tells) IS DISTINCT FROM
       (excluded.vendor, excluded.timezone, excluded.country, excluded.currency, excluded.start_date,
        excluded.streams, excluded.tells);
