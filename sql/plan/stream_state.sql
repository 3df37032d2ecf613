SELECT account, stream, watermark, last_polled_at, last_success_at, next_due_at, failures, last_error,
       stopped_key, window_days, fields
  FROM ops.streams WHERE account = ANY(:accounts) AND stream = ANY(:streams);
