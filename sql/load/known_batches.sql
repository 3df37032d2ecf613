-- None while somebody is to be forgotten: each record is looked at then.
SELECT digest, records, hashes, days FROM ops.known_batches
 WHERE account = :account AND stream = :stream AND first_day = :first_day AND last_day = :last_day
   AND NOT EXISTS (SELECT FROM ops.suppressed)
   AND NOT EXISTS (SELECT FROM ops.suppressed_records WHERE account = :account AND stream = :stream);
