SELECT call_date, count(*) AS facts FROM facts.agent_usage
 WHERE call_date = ANY(:days) AND account = :account AND stream = :stream GROUP BY call_date;
