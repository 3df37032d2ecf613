-- The clock by which everything goes.
SELECT ops.now() AS now;
