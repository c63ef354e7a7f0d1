"""Metrics, each with its definition's source, n and interval."""
