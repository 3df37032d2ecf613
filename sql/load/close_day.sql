-- What a full read asked for at :read_at says of a day; one that was asked later knows better.
UPDATE ops.days
   SET state = :state, note = :note, next_read_at = :next_read_at, vendor_total = :vendor_total,
       repeats = :repeats,
       completed_at = CASE WHEN :state = 'complete' THEN coalesce(completed_at, :now) END,
       attempts = CASE WHEN :state = 'failed' THEN attempts + 1 ELSE 0 END,
       last_polled_at = :now, read_at = :read_at
 WHERE account = :account AND stream = :stream AND call_date = :day
   AND (read_at IS NULL OR read_at <= :read_at)
RETURNING call_date;
