-- What an account's options narrow it to; when they change, what was read before can't be missed.
INSERT INTO ops.streams AS s (account, stream, vendor, scope) VALUES (:account, :stream, :vendor, :scope)
ON CONFLICT (account, stream) DO UPDATE
   SET scope = excluded.scope,
       scope_since = CASE WHEN s.scope IS NULL THEN s.scope_since ELSE greatest(s.scope_since, :observed_at) END
 WHERE s.scope IS DISTINCT FROM excluded.scope;
