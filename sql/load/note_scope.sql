-- What an account's options narrow it to; when they change, what was read before can't be missed, and
-- complete days may lack what they ask for now: they are read again.
WITH before AS (
    SELECT scope FROM ops.streams WHERE account = :account AND stream = :stream
), noted AS (
    INSERT INTO ops.streams AS s (account, stream, vendor, scope) VALUES (:account, :stream, :vendor, :scope)
    ON CONFLICT (account, stream) DO UPDATE
       SET scope = excluded.scope,
           scope_since = CASE WHEN s.scope IS NULL THEN s.scope_since ELSE greatest(s.scope_since, :observed_at) END
     WHERE CAST(s.scope AS jsonb) IS DISTINCT FROM CAST(excluded.scope AS jsonb)
)
UPDATE ops.days
   SET state = 'settling', next_read_at = :observed_at, note = 'was read with other `options`; it is read again'
 WHERE account = :account AND stream = :stream AND state = 'complete' AND expired_at IS NULL
   AND EXISTS (SELECT FROM before WHERE CAST(scope AS jsonb) <> CAST(:scope AS jsonb));
