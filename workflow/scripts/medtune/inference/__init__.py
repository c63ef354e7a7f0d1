"""Batched generation, label scoring, tagging."""
