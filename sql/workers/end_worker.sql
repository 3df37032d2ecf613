DELETE FROM ops.workers WHERE worker = :worker;
