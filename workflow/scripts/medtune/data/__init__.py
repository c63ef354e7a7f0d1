"""Readers of source formats, generators, splits, deduplication, manifests."""
