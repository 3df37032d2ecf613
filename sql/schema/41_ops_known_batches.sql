-- No record's data: digests of answers, and sums of hashes.
CREATE TABLE ops.known_batches (
    account   text    NOT NULL,
    stream    text    NOT NULL,
    first_day date    NOT NULL,
    last_day  date    NOT NULL,
    digest    uuid    NOT NULL,
    records   bigint  NOT NULL,
    hashes    numeric NOT NULL,
    days      jsonb   NOT NULL,
    PRIMARY KEY (account, stream, first_day, last_day, digest)
);
CREATE INDEX known_batches_by_day ON ops.known_batches (last_day);

COMMENT ON TABLE ops.known_batches IS 'What the last read of a window showed, if all was well: the same isn''t landed again';
COMMENT ON COLUMN ops.known_batches.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.known_batches.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.known_batches.first_day IS 'First business day of the window';
COMMENT ON COLUMN ops.known_batches.last_day IS 'Last business day of the window';
COMMENT ON COLUMN ops.known_batches.digest IS 'Digest of the answers that it is of';
COMMENT ON COLUMN ops.known_batches.records IS 'Records in it';
COMMENT ON COLUMN ops.known_batches.hashes IS 'Sum of hashes of their keys and states';
COMMENT ON COLUMN ops.known_batches.days IS 'How many of them are of each business day';
