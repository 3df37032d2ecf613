-- A poll that reads on from later than the last one ended leaves a gap: what came in it may belong
-- to days that count as complete.
UPDATE ops.days d
   SET state = 'settling', next_read_at = :now,
       note = 'polls were interrupted, so records may have come late'
  FROM ops.streams s
 WHERE s.account = :account AND s.stream = :stream AND s.watermark < :start
   AND d.account = s.account AND d.stream = s.stream AND d.state = 'complete' AND d.expired_at IS NULL
   AND d.call_date >= (s.watermark AT TIME ZONE :timezone)::date - 1;
