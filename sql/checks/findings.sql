-- What the checks of a stream found and is still so, newest days first.
SELECT name, account, call_date, note FROM ops.findings
 WHERE stream = :stream AND account = ANY(:accounts)
 ORDER BY name, call_date DESC NULLS FIRST, account;
