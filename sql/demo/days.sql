-- Days by stream and state.
SELECT account, stream,
       count(*) FILTER (WHERE state = 'complete') AS complete,
       count(*) FILTER (WHERE state = 'settling') AS settling,
       count(*) FILTER (WHERE state = 'open') AS open,
       count(*) FILTER (WHERE state = 'failed') AS failed,
       sum(raw_records) AS raw_records, sum(facts) AS facts, sum(rejects) AS rejects
  FROM ops.days GROUP BY account, stream ORDER BY account, stream;
