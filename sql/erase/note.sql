UPDATE ops.erasures SET erased = CAST(:erased AS jsonb), ended_at = CASE WHEN :is_over THEN ops.now() END
 WHERE id = :id
RETURNING hash, kind, keeps_calls, began_at, ended_at;
