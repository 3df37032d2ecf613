SELECT account, stream, call_date, state, next_read_at
  FROM ops.days WHERE account = ANY(:accounts) AND stream = ANY(:streams);
