-- Goes on with what was interrupted.
WITH unfinished AS (
    SELECT id, erased FROM ops.erasures
     WHERE hash = :hash AND keeps_calls = :keeps_calls AND ended_at IS NULL
     ORDER BY id DESC LIMIT 1
), begun AS (
    INSERT INTO ops.erasures (hash, kind, keeps_calls, began_at)
    SELECT :hash, :kind, :keeps_calls, ops.now() WHERE NOT EXISTS (SELECT FROM unfinished)
    RETURNING id, erased
)
SELECT * FROM begun UNION ALL SELECT * FROM unfinished;
