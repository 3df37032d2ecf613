SELECT m.rolname::text AS name,
       bool_or(g.rolname = 'callhouse_analyst_pii') AS sees_personal_data,
       m.rolconnlimit AS connections,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = m.oid) AS connected,
       coalesce((SELECT split_part(s, '=', 2) FROM unnest(m.rolconfig) s
                  WHERE s LIKE 'statement_timeout=%'), 'none') AS statement_timeout
  FROM pg_auth_members am
  JOIN pg_roles g ON g.oid = am.roleid JOIN pg_roles m ON m.oid = am.member
 WHERE g.rolname IN ('callhouse_analyst', 'callhouse_analyst_pii')
   AND m.rolcanlogin AND m.rolname <> current_user
 GROUP BY m.oid, m.rolname, m.rolconnlimit, m.rolconfig
 ORDER BY name
