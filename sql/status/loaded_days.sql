-- How the days stand that a pass was about.
SELECT account, stream, call_date, state, note FROM ops.days
 WHERE account = ANY(:accounts) AND call_date = ANY(:days);
