DELETE FROM ops.known_batches
 WHERE account = :account AND stream = :stream AND first_day = :first_day AND last_day = :last_day;
