-- Facts that stand in a day where their record isn't: left behind, or twice.
SELECT f.account, f.call_date,
       format('%s fact(s) of records that are another day''s: materialise the facts asset of this day to rebuild it', count(*)) AS note
  FROM facts.{table} f
  LEFT JOIN raw.heads h ON h.account = f.account AND h.stream = :stream AND h.record_key = {record_key:f}
                       AND h.call_date = f.call_date
 WHERE f.call_date = ANY(:days) AND f.account = ANY(:accounts) AND f.stream = :stream AND h.record_key IS NULL
 GROUP BY f.account, f.call_date;
