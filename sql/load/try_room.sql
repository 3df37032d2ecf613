-- Sixteen megabytes, gone at the end of the transaction: an error where there is no room for them.
CREATE TEMP TABLE room ON COMMIT DROP AS
SELECT n, md5(n::text) AS filler FROM generate_series(1, 250000) AS n;
