-- And what time it is, so that nobody has to ask: there is a row in any case.
SELECT ops.now() AS now, s.account, s.stream, s.watermark, s.last_polled_at, s.last_success_at, s.next_due_at,
       s.failures, s.last_error, s.refusals, s.stopped_key, s.window_days, s.largest_page, s.piece_s,
       CAST(s.scope AS jsonb) AS scope,
       CASE WHEN a.left_at IS NULL THEN to_jsonb(a) - ARRAY['changed_at', 'left_at', 'settings_since'] END AS noted
  FROM (SELECT) AS always
  LEFT JOIN ops.streams s ON s.account = ANY(:accounts) AND s.stream = ANY(:streams)
  LEFT JOIN ops.accounts a ON a.account = s.account;
