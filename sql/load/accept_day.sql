-- An operator's word that what the last full read showed of a day is right: it is believed when the
-- next one, which is due now, lacks the same. Returns how the day stood.
WITH before AS (
    SELECT state, lacking_records, accepted IS NOT NULL AS was_accepted,
           doubted_since IS NOT NULL AND expired_at IS NULL AS is_doubted, expired_at IS NOT NULL AS is_expired
      FROM ops.days
     WHERE account = :account AND stream = :stream AND call_date = :day
       FOR UPDATE
), accepted AS (
    UPDATE ops.days d
       SET accepted = d.lacking, next_read_at = :now,
           state = CASE d.state WHEN 'complete' THEN 'settling' ELSE d.state END
      FROM before
     WHERE d.account = :account AND d.stream = :stream AND d.call_date = :day AND is_doubted
    RETURNING 1
), due AS (
    UPDATE ops.streams s SET next_due_at = :now
     WHERE s.account = :account AND s.stream = :stream AND EXISTS (SELECT FROM accepted)
       AND s.next_due_at > :now
)
SELECT * FROM before;
