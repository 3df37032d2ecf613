-- Days on which more than a twentieth of the calls ended in a way that the mapping doesn't know.
SELECT account, call_date,
       format('%s of %s calls have the disposition unknown: see ops.streams.fields for the vendor''s new words', count(*) FILTER (WHERE disposition = 'unknown'), count(*)) AS note
  FROM facts.{table}
 WHERE call_date = ANY(:days) AND account = ANY(:accounts) AND stream = :stream
 GROUP BY account, call_date
HAVING count(*) FILTER (WHERE disposition = 'unknown') > 0.05 * count(*) AND count(*) >= 20;
