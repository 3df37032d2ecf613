-- The clock by which requests are granted.
SELECT clock_timestamp() AS now;
