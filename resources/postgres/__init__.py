"""The warehouse's Postgres: connections, statements, schema, roles, its clock."""
