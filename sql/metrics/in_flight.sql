-- Requests that vendors are answering.
SELECT credential, account, count(*) AS requests FROM ops.permits
 WHERE reached_at IS NULL AND expires_at > clock_timestamp()
 GROUP BY credential, account;
