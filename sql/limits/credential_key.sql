SELECT value FROM ops.settings WHERE name = 'credential_key';
