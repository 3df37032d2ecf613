-- Days that the marts are behind on, and since when.
SELECT count(DISTINCT call_date) AS days, min(stale_since) AS since FROM ops.stale_days;
