-- What a restored dump doesn't know of any more, or not that it ended.
WITH suppressed AS (
    INSERT INTO ops.suppressed AS s (hash, kind, keeps_calls, tail) VALUES (:hash, :kind, :keeps_calls, :tail)
    ON CONFLICT (hash) DO UPDATE SET keeps_calls = s.keeps_calls AND excluded.keeps_calls
), ended AS (
    UPDATE ops.erasures SET ended_at = :ended_at, erased = CAST(:erased AS jsonb)
     WHERE hash = :hash AND began_at = :began_at AND ended_at IS NULL
       AND CAST(:ended_at AS timestamptz) IS NOT NULL
)
INSERT INTO ops.erasures (hash, kind, keeps_calls, began_at, ended_at, erased)
SELECT :hash, :kind, :keeps_calls, :began_at, :ended_at, CAST(:erased AS jsonb)
 WHERE NOT EXISTS (SELECT FROM ops.erasures WHERE hash = :hash AND began_at = :began_at);
