-- The day, if some of its facts were made by other settings than the account has.
SELECT call_date FROM ops.days
 WHERE account = :account AND stream = :stream AND call_date = :day
   AND (made_for IS NOT NULL OR NOT ops.same_clocks(call_date, timezone, :timezone));
