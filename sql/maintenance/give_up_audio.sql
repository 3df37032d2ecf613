-- Audio that is past its age isn't asked for again, and nothing of it lies anywhere.
UPDATE ops.details d SET next_try_at = NULL
  FROM unnest(CAST(:accounts AS text[]), CAST(:keys AS text[])) AS g (account, record_key)
 WHERE d.account = g.account AND d.stream = ANY(CAST(:streams AS text[])) AND d.record_key = g.record_key;
