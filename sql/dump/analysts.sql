SELECT g.rolname::text, array_agg(m.rolname::text ORDER BY m.rolname)
  FROM pg_auth_members am
  JOIN pg_roles g ON g.oid = am.roleid JOIN pg_roles m ON m.oid = am.member
 WHERE g.rolname = ANY(%s) AND m.rolcanlogin AND m.rolname <> current_user
 GROUP BY 1 ORDER BY 1
