-- Hashes of a day's records that are kept without the person.
SELECT record_hash FROM ops.suppressed_records
 WHERE call_date = :day AND account = :account AND stream = :parent AND is_kept;
