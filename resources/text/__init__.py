"""Bytes and texts of others: JSON, encodings, secrets, what is safe to show."""
