"""Generators of synthetic corpora with learnable rules."""
