-- Accounts that anything was ever read of, with their vendors, and as accounts.toml had them last.
SELECT s.account, s.vendor, a.timezone, a.country, a.currency, a.start_date, a.streams
  FROM (SELECT account, min(vendor) AS vendor
          FROM (SELECT account, vendor FROM ops.streams UNION ALL SELECT account, vendor FROM ops.accounts) k
         GROUP BY account) s
  LEFT JOIN ops.accounts a USING (account, vendor)
 ORDER BY s.account;
