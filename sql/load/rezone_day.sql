-- All facts of the day have been made again: they are by the account's clocks now. What was read whole was another
-- span of time, of which the vendor counted: it is read again. Zones of two names may have the same day.
UPDATE ops.days
   SET timezone = :timezone, vendor_total = NULL, same_since = NULL,
       state = CASE state WHEN 'complete' THEN 'settling' ELSE state END,
       next_read_at = CASE state WHEN 'open' THEN next_read_at ELSE :now END,
       note = CASE state WHEN 'complete' THEN 'was read as a day of ' || timezone || ': it is read again' ELSE note END
 WHERE account = :account AND stream = :stream AND call_date = :day
   AND (ops.day_start(call_date, timezone), ops.day_start(call_date + 1, timezone))
    <> (ops.day_start(call_date, :timezone), ops.day_start(call_date + 1, :timezone));
