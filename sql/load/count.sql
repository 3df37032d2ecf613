-- A record is one row.
SELECT call_date, count(*) AS facts FROM facts.{table}
 WHERE call_date = ANY(:days) AND account = :account AND stream = :stream GROUP BY call_date;
