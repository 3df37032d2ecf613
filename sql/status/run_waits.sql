-- What a run waits for at the limits, the soonest first.
SELECT account, stream, reason, since,
       extract(epoch FROM expected_at - clock_timestamp())::double precision AS wait_s
  FROM ops.waiters
 WHERE run_id = :run AND expires_at > clock_timestamp()
 ORDER BY expected_at;
