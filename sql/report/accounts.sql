SELECT account, coalesce(today, (now() AT TIME ZONE 'UTC')::date) AS today FROM marts.accounts ORDER BY account
