"""The Postgres that Callhouse brings along, and where it listens."""
