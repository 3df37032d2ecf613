-- What a window's read showed, instead of what other reads of its days did.
WITH new AS (
    SELECT * FROM jsonb_to_recordset(CAST(:batches AS jsonb))
           AS b (digest uuid, records bigint, hashes numeric, days jsonb)
), old AS (
    DELETE FROM ops.known_batches
     WHERE account = :account AND stream = :stream AND first_day <= :last_day AND last_day >= :first_day
       AND NOT (first_day = :first_day AND last_day = :last_day AND digest IN (SELECT digest FROM new))
)
INSERT INTO ops.known_batches (account, stream, first_day, last_day, digest, records, hashes, days)
SELECT :account, :stream, :first_day, :last_day, digest, records, hashes, days FROM new
ON CONFLICT DO NOTHING;
