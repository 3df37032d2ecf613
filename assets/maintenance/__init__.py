"""The work of a night on the warehouse and on Dagster's storage."""
