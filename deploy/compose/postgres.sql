-- Where Dagster keeps its history of runs, beside the warehouse's schemas.
CREATE SCHEMA IF NOT EXISTS dagster;
