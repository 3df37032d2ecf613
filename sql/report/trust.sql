-- Whether each day of each account may be trusted.
SELECT account, call_date, trust, why
  FROM marts.trust_by_day
 WHERE call_date BETWEEN :first AND :last AND account = ANY(:accounts)
 ORDER BY account, call_date
