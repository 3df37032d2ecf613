-- That a worker of the host takes runs. (The driver's own parameters: nothing else is imported for this.)
SELECT 1 FROM ops.workers WHERE host = %(host)s AND expires_at > ops.now();
