SELECT account, today FROM marts.accounts ORDER BY account
