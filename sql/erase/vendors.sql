-- Accounts that anything was ever read of, with their vendors and the time zones of their days.
SELECT s.account, min(s.vendor) AS vendor, min(d.timezone) AS timezone
  FROM ops.streams s LEFT JOIN ops.days d USING (account, stream)
 GROUP BY s.account ORDER BY s.account;
