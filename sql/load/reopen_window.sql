-- Some of what a read showed of these days wasn't landed, as it seemed to have been before, and couldn't be
-- asked for again.
UPDATE ops.days
   SET state = 'settling', next_read_at = :now, completed_at = NULL,
       note = 'what is known of it isn''t what the vendor shows: it is read again'
 WHERE account = :account AND stream = :stream AND call_date = ANY(:days) AND state = 'complete' AND expired_at IS NULL;
