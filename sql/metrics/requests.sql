-- What was asked of vendors of late.
SELECT account, report, backfill, error IS NULL AS went_well, count(*) AS requests, sum(duration_s) AS seconds
  FROM ops.requests WHERE requested_at > :since
 GROUP BY account, report, backfill, went_well;
