-- What several threads ask for one credential: each is decided after the one before it.
SELECT p.permit, p.granted_at, p.reason, p.until, p.wait_s
  FROM jsonb_array_elements(CAST(:asked AS jsonb)) WITH ORDINALITY AS a (asked, n), ops.acquire_permit(a.asked) AS p
 ORDER BY a.n;
