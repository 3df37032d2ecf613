-- Fields and values that no mapping knows, each told once; a thousand are enough to be told.
WITH new AS (
    SELECT array_agg(field ORDER BY field) AS fields FROM unnest(CAST(:fields AS text[])) AS field
     WHERE NOT EXISTS (SELECT FROM ops.streams
                        WHERE account = :account AND stream = :stream AND field = ANY(fields))
)
INSERT INTO ops.streams AS s (account, stream, vendor, fields)
SELECT :account, :stream, :vendor, fields FROM new WHERE fields IS NOT NULL
ON CONFLICT (account, stream) DO UPDATE SET fields = s.fields || excluded.fields WHERE cardinality(s.fields) < 1000
RETURNING (SELECT fields FROM new) AS new;
