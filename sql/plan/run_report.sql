-- What a run has cost an account's vendor so far.
SELECT count(*) AS requests, coalesce(sum(bytes), 0)::bigint AS bytes,
       coalesce(sum(duration_s), 0) AS vendor_s,
       coalesce(extract(epoch FROM clock_timestamp() - min(requested_at)), 0)::double precision AS elapsed_s
  FROM ops.requests
 WHERE account = ANY(:accounts) AND stream = :stream AND run_id = :run_id
   AND requested_at > now() - interval '1 day';
