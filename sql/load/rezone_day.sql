-- All facts of the day have been made again: they are by the account's clocks now. What was read whole by others was
-- another span of time, of which the vendor counted, and in which calls may have been missed: it is read again.
UPDATE ops.days
   SET timezone = :timezone, vendor_total = NULL, same_since = NULL,
       state = CASE state WHEN 'complete' THEN 'settling' ELSE state END,
       next_read_at = CASE state WHEN 'open' THEN next_read_at ELSE :now END,
       note = CASE state WHEN 'complete' THEN 'was read by other clocks: it is read again' ELSE note END
 WHERE account = :account AND stream = :stream AND call_date = :day
   AND (NOT ops.same_clocks(call_date, timezone, :timezone)
        OR EXISTS (SELECT FROM unnest(made_for) AS settings
                    WHERE NOT ops.same_clocks(call_date, split_part(settings, ', ', 1), :timezone)));
