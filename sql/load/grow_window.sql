-- As many days as were learned went well once more: when that is enough, twice as many are tried.
UPDATE ops.streams
   SET window_good = CASE WHEN window_good + 1 < window_needed THEN window_good + 1 ELSE -1 END,
       window_days = CASE WHEN window_good + 1 < window_needed THEN window_days
                          WHEN window_days * 2 < :most THEN window_days * 2 END
 WHERE account = :account AND stream = :stream AND window_days = :days
RETURNING window_days;
