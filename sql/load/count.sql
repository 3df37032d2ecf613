-- Records that are facts.
SELECT call_date, {records} AS facts FROM facts.{table}
 WHERE call_date = ANY(:days) AND account = :account AND stream = :stream GROUP BY call_date;
