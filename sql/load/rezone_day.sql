-- All facts of the day have been made again: they are by the account's clocks now. What was read whole was another
-- span of time, of which the vendor counted: it is read again. Not where some of its records have no raw any
-- more, as the facts of these stayed as they were. Zones of two names may have the same day.
-- (WITH is for Citus, which joins no distributed table with local ones.)
WITH without_raw AS (
    SELECT h.call_date FROM raw.heads h
      LEFT JOIN raw.records r ON r.call_date = h.call_date AND r.account = h.account AND r.stream = h.stream
                             AND r.record_key = h.record_key AND r.version = h.version
     WHERE h.account = :account AND h.stream = :stream AND h.call_date = :day AND r.record_key IS NULL
)
UPDATE ops.days d
   SET timezone = :timezone, vendor_total = NULL, same_since = NULL,
       state = CASE state WHEN 'complete' THEN 'settling' ELSE state END,
       next_read_at = CASE state WHEN 'open' THEN next_read_at ELSE :now END,
       note = CASE state WHEN 'complete' THEN 'was read as a day of ' || timezone || ': it is read again' ELSE note END
 WHERE account = :account AND stream = :stream AND call_date = :day
   AND (ops.day_start(call_date, timezone), ops.day_start(call_date + 1, timezone))
    <> (ops.day_start(call_date, :timezone), ops.day_start(call_date + 1, :timezone))
   AND NOT EXISTS (SELECT FROM without_raw w WHERE w.call_date = d.call_date);
