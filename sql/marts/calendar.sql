SELECT day::date AS call_date, c.country, extract(isodow FROM day) AS weekday, to_char(day, 'Dy') AS weekday_name,
       extract(isodow FROM day) > 5 AS is_weekend, h.days ->> to_char(day, 'YYYY-MM-DD') AS holiday,
       h.days IS NOT NULL AS holidays_known
  FROM (SELECT country, min(start_date) AS first FROM ops.accounts GROUP BY country) c
 CROSS JOIN LATERAL generate_series(c.first::timestamp, date_trunc('year', now()) + interval '1 year -1 day',
                                    interval '1 day') AS day
  LEFT JOIN ops.holidays h ON h.country = c.country AND h.year = extract(year FROM day)
