-- Rows to lock, by those who may write here. Advisory locks are anybody's who may connect: an analyst
-- who took one, by accident or not, would stop the loading.
CREATE TABLE ops.locks (
    name text PRIMARY KEY
) WITH (fillfactor = 50);
COMMENT ON TABLE ops.locks IS 'What transactions make each other wait for';
COMMENT ON COLUMN ops.locks.name IS 'What is locked';
