-- How far running backfills have come, and when they will be done at this pace.
SELECT account, stream, windows, done, started_at,
       CASE WHEN done > 0 THEN now() + (now() - started_at) / done * (windows - done)
            ELSE now() + make_interval(secs => spacing_s * windows) END AS expected_at
  FROM ops.backfills WHERE done < windows AND seen_at > now() - interval '10 minutes'
 ORDER BY account, stream;
