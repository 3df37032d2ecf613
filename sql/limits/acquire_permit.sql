SELECT permit, granted_at, wait_s, reason FROM ops.acquire_permit(
    :credential, :account, :stream, :report, :run_id, :holder, :backfill,
    :concurrency, :spacing_s, :rate, :bucket, :timezone, :daily, :reserve, :lease_s);
