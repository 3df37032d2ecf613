SELECT permit, granted_at, reason, until, wait_s FROM ops.acquire_permit(CAST(:asked AS jsonb));
