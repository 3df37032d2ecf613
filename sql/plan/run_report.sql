SELECT count(*) AS requests, coalesce(sum(bytes), 0)::bigint AS bytes, coalesce(sum(duration_s), 0) AS vendor_s
  FROM ops.requests
 WHERE account = ANY(:accounts) AND stream = :stream AND run_id = :run_id
   AND requested_at > now() - interval '1 day';
