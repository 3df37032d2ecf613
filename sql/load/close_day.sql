-- What a full read asked for at :read_at says of a day; one that was asked later knows better. One
-- that is doubted (:lacking) says neither how many records there are nor that the day isn't complete.
UPDATE ops.days
   SET state = :state, note = :note, attempts = :attempts,
       next_read_at = CASE WHEN accepted = CAST(:lacking AS uuid) THEN :now ELSE :next_read_at END,
       vendor_total = CASE WHEN CAST(:lacking AS uuid) IS NULL THEN :vendor_total ELSE vendor_total END,
       repeats = CASE WHEN CAST(:lacking AS uuid) IS NULL THEN :repeats ELSE repeats END,
       completed_at = CASE WHEN :state = 'complete' THEN coalesce(completed_at, :now)
                           WHEN CAST(:lacking AS uuid) IS NOT NULL THEN completed_at END,
       lacking = CAST(:lacking AS uuid), lacking_records = :lacking_records, doubted_since = CAST(:doubted_since AS date),
       rejected = CAST(:rejected AS uuid), same_rejects = :same_rejects,
       accepted = CASE WHEN accepted = CAST(:lacking AS uuid) THEN accepted END,
       last_polled_at = :now, read_at = :read_at, same_since = CAST(:same_since AS timestamptz)
 WHERE account = :account AND stream = :stream AND call_date = :day
   AND (read_at IS NULL OR read_at <= :read_at)
RETURNING call_date;
