-- A pause or a used-up quota is on disk when this returns. What a crash of the server in the next moment
-- undoes of the rest errs on the safe side: the request is in flight until its lease ends, and then in the
-- ledger as lost. Whatever is written later of what it brought comes to disk after this.
SELECT ops.release_permit(done),
       CASE WHEN done ->> 'hold_s' IS NULL AND done ->> 'exhausted_until' IS NULL
            THEN set_config('synchronous_commit', 'off', true) END
  FROM CAST(:done AS jsonb) AS done;
