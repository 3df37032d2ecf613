SELECT country, year
  FROM (SELECT country, min(start_date) AS first FROM ops.accounts GROUP BY country) a
 CROSS JOIN LATERAL generate_series(extract(year FROM first)::integer, extract(year FROM now())::integer) AS year
 WHERE NOT EXISTS (SELECT FROM ops.holidays h WHERE h.country = a.country AND h.year = year.year)
 ORDER BY country, year;
