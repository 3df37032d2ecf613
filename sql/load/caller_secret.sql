SELECT value FROM ops.settings WHERE name = 'caller_secret';
