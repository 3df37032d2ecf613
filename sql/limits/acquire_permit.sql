SELECT permit, granted_at, reason, until, wait_s FROM ops.acquire_permit(
    :credential, :account, :stream, :report, :run_id, :holder, :backfill, :returns, :patience_s,
    :longest_sleep_s, :lease_s, :concurrency, :spacing_s, :rate, :bucket, :timezone, :daily, :reserve);
