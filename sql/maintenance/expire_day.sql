-- From here on the day's counts and marts stay as they are, whatever becomes of its records. Audio that is
-- there goes next: by their digest, which no payload has, its heads are known from those of what comes later.
WITH fresh AS (DELETE FROM ops.stale_days WHERE call_date = :day),
heads AS (
    UPDATE raw.heads SET digest = ops.no_digest()
     WHERE call_date = :day AND stream = ANY(CAST(:streams AS text[]))
       AND digest <> ops.no_digest()
)
UPDATE ops.days SET expired_at = ops.now() WHERE call_date = :day AND expired_at IS NULL;
