DELETE FROM ops.backfills WHERE account = :account AND stream = :stream AND run_id = :run_id;
