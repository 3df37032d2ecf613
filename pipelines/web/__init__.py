"""Dagster's web server behind a guard: the UI can't be driven by another site's page."""
