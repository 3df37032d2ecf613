"""Figures for Prometheus: what they are, and where they come from."""
