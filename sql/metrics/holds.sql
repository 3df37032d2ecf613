-- Pauses that vendors have asked for.
SELECT credential, until FROM ops.holds WHERE until > clock_timestamp();
