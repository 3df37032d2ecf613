-- The days have fewer records now, maybe as many again by the next poll: it judges their details anew.
-- Till then they stay as complete as they are.
UPDATE ops.days SET next_read_at = last_polled_at
 WHERE account = :account AND stream = ANY(CAST(:details AS text[])) AND call_date = ANY(:days)
   AND expired_at IS NULL;
