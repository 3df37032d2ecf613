-- Of the days those that were read, however well, newest first; with those before :before and after :after, where
-- these are given. Whether raw has all that they have still, or has gone for its age, or the day. Audio that has gone
-- for its own leaves nothing to make.
SELECT call_date,
       expired_at IS NULL
       AND (EXISTS (SELECT FROM raw.records r
                     WHERE r.call_date = days.call_date AND r.account = days.account AND r.stream = days.stream)
            OR NOT EXISTS (SELECT FROM raw.heads h
                            WHERE h.call_date = days.call_date AND h.account = days.account AND h.stream = days.stream
                               AND h.digest <> ops.no_digest())) AS has_raw
  FROM ops.days
 WHERE account = :account AND stream = :stream AND (call_date = ANY(CAST(:days AS date[])) OR call_date < CAST(:before AS date) OR call_date > CAST(:after AS date))
   AND last_polled_at IS NOT NULL
 ORDER BY call_date DESC;
