-- Who waits at the limits, for what, and for how long. A poll that has gone, to come back at its next
-- tick, waits as well.
SELECT account, report, backfill, reason, count(*) AS waiting,
       extract(epoch FROM clock_timestamp() - min(since))::double precision AS longest_s
  FROM ops.waiters WHERE expires_at > clock_timestamp()
 GROUP BY account, report, backfill, reason;
