SELECT id, now, run_id FROM ops.begin_read(CAST(:asked AS jsonb));
