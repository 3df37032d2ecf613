SELECT c.call_date, c.account, c.vendor, c.grain, count(*) AS callers,
       count(*) FILTER (WHERE c.inbound_calls > 1) AS called_twice_today,
       -- Who called on a day that is gone for its age nobody knows; nor who is who, and on which day, where some were
       -- made by another country or time zone.
       CASE WHEN NOT EXISTS (
           SELECT FROM ops.days d LEFT JOIN ops.accounts a USING (account)
            WHERE d.account = c.account AND d.call_date BETWEEN c.call_date - 7 AND c.call_date
              AND (d.expired_at IS NOT NULL
                   OR EXISTS (SELECT FROM unnest(d.made_for) AS settings
                               WHERE (split_part(settings, ', ', 1), split_part(settings, ', ', 2))
                                     IS DISTINCT FROM (a.timezone, a.country))))
       THEN count(*) FILTER (WHERE EXISTS (
           SELECT FROM marts.callers_by_day b
            WHERE b.caller_key = c.caller_key AND b.call_date BETWEEN c.call_date - 7 AND c.call_date - 1
              AND b.account = c.account AND b.grain = c.grain AND b.inbound_calls > 0)) END AS called_within_7_days
  FROM marts.callers_by_day c
 WHERE c.inbound_calls > 0
 GROUP BY 1, 2, 3, 4
