SELECT call_date, account, vendor, grain, currency, count(*) AS calls, sum(cost) AS cost,
       sum(talk_s) FILTER (WHERE outcome = 'answered') AS talk_s
  FROM facts.calls WHERE call_date = :day AND cost IS NOT NULL AND missing_since IS NULL
 GROUP BY call_date, account, vendor, grain, currency
