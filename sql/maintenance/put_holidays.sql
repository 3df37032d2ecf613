INSERT INTO ops.holidays (country, year, days) VALUES (:country, :year, CAST(:days AS jsonb))
ON CONFLICT (country, year) DO UPDATE SET days = excluded.days;
