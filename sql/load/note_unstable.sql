INSERT INTO ops.unstable_fields AS u (account, stream, field, versions)
SELECT :account, :stream, field, versions
  FROM unnest(CAST(:fields AS text[]), CAST(:versions AS integer[])) AS f (field, versions)
ON CONFLICT (account, stream, field) DO UPDATE
   SET versions = greatest(u.versions, excluded.versions), noticed_at = now();
