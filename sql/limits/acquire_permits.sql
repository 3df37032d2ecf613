-- Each is decided about as if it were asked alone, in this order: those before it count.
SELECT permit, granted_at, reason, until, wait_s
  FROM jsonb_array_elements(CAST(:asked AS jsonb)) WITH ORDINALITY AS questions (asked, number),
       LATERAL ops.acquire_permit(questions.asked)
 ORDER BY number;
