-- That Dagster's scheduler has been at work within five minutes.
SELECT 1 FROM dagster.daemon_heartbeats
 WHERE daemon_type = 'SCHEDULER' AND timestamp > now() AT TIME ZONE 'UTC' - interval '5 minutes';
