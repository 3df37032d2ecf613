-- Of these accounts those that can't be loaded here: this server doesn't know their time zone, or their name is
-- another vendor's account.
SELECT a.account, ops.known_zone(a.timezone) IS NULL AS lacks_zone, stored.vendor AS other_vendor
  FROM unnest(CAST(:accounts AS text[]), CAST(:vendors AS text[]), CAST(:timezones AS text[]))
       AS a (account, vendor, timezone)
  LEFT JOIN ops.accounts stored ON stored.account = a.account AND stored.vendor <> a.vendor
 WHERE ops.known_zone(a.timezone) IS NULL OR stored.vendor IS NOT NULL;
