-- Accounts whose polls are at work right now.
SELECT DISTINCT account FROM ops.reads WHERE live AND expires_at > ops.now();
