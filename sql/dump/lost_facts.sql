-- The facts aren't there: no record counts as one until it is made again from raw. What is gone for its age
-- stays counted, as its marts stay, too.
UPDATE ops.days SET facts = 0 WHERE facts > 0 AND expired_at IS NULL;
