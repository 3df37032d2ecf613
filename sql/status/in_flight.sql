-- Backfills: who waits for what, until about when; and who is being answered.
SELECT account, stream, report, reason, since, expected_at FROM ops.waiters
 WHERE backfill AND expires_at > clock_timestamp()
UNION ALL
SELECT account, stream, report, NULL, granted_at, NULL FROM ops.permits
 WHERE backfill AND reached_at IS NULL AND expires_at > clock_timestamp()
 ORDER BY account, stream, report, since;
