-- The days have other records now, and maybe as many as before: their details are judged again.
UPDATE ops.days
   SET vendor_total = NULL, state = CASE state WHEN 'complete' THEN 'settling' ELSE state END,
       note = CASE state WHEN 'complete' THEN 'the day''s records have changed' ELSE note END
 WHERE account = :account AND stream = :detail AND call_date = ANY(:days) AND expired_at IS NULL;
