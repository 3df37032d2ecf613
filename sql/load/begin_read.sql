SELECT id, now, run_id FROM ops.begin_read(:account, :stream, :days, :live, :holder, :run_id, :lease_s);
