-- A detail is any number of facts, none included: what counts is that it became them.
SELECT call_date, count(*) AS facts FROM raw.heads
 WHERE account = :account AND stream = :stream AND call_date = ANY(:days) AND NOT rejected
 GROUP BY call_date;
