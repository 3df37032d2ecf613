DELETE FROM ops.known_batches
 WHERE account = :account AND stream = :stream
   AND EXISTS (SELECT FROM unnest(CAST(:days AS date[])) AS day WHERE day BETWEEN first_day AND last_day);
