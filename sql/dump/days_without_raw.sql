-- Days of which facts can't be made again: the raw of some of their records has gone for its age. Details
-- don't count: theirs goes with that of their records, and audio's before.
SELECT count(DISTINCT h.call_date) AS days, min(h.call_date) AS first, max(h.call_date) AS last
  FROM raw.heads h
 WHERE NOT h.rejected AND h.stream <> ALL(%s)
   AND NOT EXISTS (SELECT FROM raw.records r
                    WHERE r.call_date = h.call_date AND r.account = h.account AND r.stream = h.stream
                      AND r.record_key = h.record_key AND r.version = h.version);
