-- Views and functions are laid anew only when their text changed: replacing a view waits for
-- whoever reads it, and everybody else then waits behind.
CREATE TABLE ops.objects (
    name    text        PRIMARY KEY,
    digest  text        NOT NULL,
    laid_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.objects IS 'Views, functions and marts as they were last laid by a migration';
COMMENT ON COLUMN ops.objects.name IS 'What defines it, such as functions/outcome';
COMMENT ON COLUMN ops.objects.digest IS 'SHA-256 of its definition';
COMMENT ON COLUMN ops.objects.laid_at IS 'When it was laid';
