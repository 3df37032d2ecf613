"""Taking people who have been forgotten out of records and of texts."""
