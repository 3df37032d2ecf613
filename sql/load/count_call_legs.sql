SELECT call_date, count(*) AS facts FROM facts.call_legs
 WHERE call_date = ANY(:days) AND account = :account AND stream = :stream GROUP BY call_date;
