CREATE TABLE ops.workers (
    worker     text        PRIMARY KEY,
    host       text        NOT NULL,
    queue      text        NOT NULL,
    slots      integer     NOT NULL,
    version    text        NOT NULL,
    began_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

COMMENT ON TABLE ops.workers IS 'Run workers of all hosts, by the queue that they take runs from';
COMMENT ON COLUMN ops.workers.worker IS 'The worker, for as long as it runs';
COMMENT ON COLUMN ops.workers.host IS 'The host''s name';
COMMENT ON COLUMN ops.workers.queue IS 'polls: what schedules ask for; backfills: everything else';
COMMENT ON COLUMN ops.workers.slots IS 'How many runs of the queue it has at once';
COMMENT ON COLUMN ops.workers.version IS 'Its Callhouse';
COMMENT ON COLUMN ops.workers.began_at IS 'Since when it takes runs';
COMMENT ON COLUMN ops.workers.expires_at IS 'When it counts as lost unless it goes on';

CREATE TABLE ops.worker_runs (
    id         bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    run_id     text        PRIMARY KEY,
    host       text        NOT NULL,
    began_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

COMMENT ON TABLE ops.worker_runs IS 'Runs that a process of a worker is executing right now';
COMMENT ON COLUMN ops.worker_runs.id IS 'The lease';
COMMENT ON COLUMN ops.worker_runs.run_id IS 'The Dagster run';
COMMENT ON COLUMN ops.worker_runs.host IS 'The name of the worker''s host';
COMMENT ON COLUMN ops.worker_runs.began_at IS 'Since when';
COMMENT ON COLUMN ops.worker_runs.expires_at IS 'When its process counts as lost unless it goes on';
