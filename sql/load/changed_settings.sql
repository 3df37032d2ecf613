-- Accounts whose facts are made otherwise from here on.
SELECT a.account
  FROM jsonb_to_recordset(CAST(:accounts AS jsonb)) AS note (account text, timezone text, country text, currency text)
  JOIN ops.accounts a USING (account)
 WHERE (a.timezone, a.country, a.currency) IS DISTINCT FROM (note.timezone, note.country, note.currency)
 ORDER BY a.account;
