-- What is missing in one day may have moved to another that counts as complete, or will if it shows
-- the same once more: they are read again.
UPDATE ops.days
   SET state = 'settling', next_read_at = :now,
       note = 'a record of another day is missing and may have moved here'
 WHERE account = :account AND stream = :stream AND (state = 'complete' OR state = 'settling' AND lacking IS NULL) AND expired_at IS NULL AND NOT call_date = ANY(:but)
   AND (call_date >= :since OR call_date = ANY(:neighbours));
